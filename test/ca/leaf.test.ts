import { createPrivateKey, X509Certificate } from "node:crypto";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMinter } from "../../src/ca/leaf.ts";
import { createRootCertificate } from "../../src/ca/root.ts";
import { createTestCa, type TestCa } from "../support/pki.ts";
import { hasOpenssl, hasPython, opensslText, opensslVerdict, pythonVerdicts } from "./judges.ts";

const DAY = 86_400_000;
const LONG_NAME = `${"long-".repeat(12)}.${"name-".repeat(12)}.test`.replaceAll("-.", ".");
const NAMES = [
  "example.test",
  "localhost",
  "under_score.test",
  "xn--bcher-kva.example",
  LONG_NAME,
  "192.0.2.1",
  "127.0.0.1",
  "2001:db8::1",
  "::1",
  "::",
  "::ffff:192.0.2.1",
];

describe("a leaf of plainwire's own CA", () => {
  const authority = createAuthority();
  const minter = createMinter(authority);

  it.skipIf(!hasOpenssl).each(NAMES)("is what OpenSSL strictly demands of a server called %s", (name) => {
    expect(opensslVerdict(authority.certificate, minter.mint(name).certificatePem, name)).toBe("OK");
  });

  it.skipIf(!hasOpenssl)("is for no other name", () => {
    const { certificatePem } = minter.mint("example.test");
    expect(opensslVerdict(authority.certificate, certificatePem, "www.example.test")).toContain("hostname mismatch");
  });

  it.skipIf(!hasPython)("is what Python strictly demands of a server, for each kind of name", async () => {
    const servers = await Promise.all(NAMES.map((name) => listen(minter.mint(name))));
    const ports = servers.map((server) => (server.address() as AddressInfo).port);
    const questions = NAMES.map((name, at) => ({ name, port: ports[at] ?? 0 }));
    const verdicts = await pythonVerdicts(authority.certificate, questions);
    for (const server of servers) server.close();
    expect(Object.fromEntries(NAMES.map((name, at) => [name, verdicts[at]]))).toEqual(
      Object.fromEntries(NAMES.map((name) => [name, "OK"])),
    );
  });

  it.skipIf(!hasOpenssl)("has the profile that every client accepts", () => {
    const text = opensslText(minter.mint("example.test").certificatePem);
    for (const line of [
      "Version: 3 (0x2)",
      "Signature Algorithm: ecdsa-with-SHA256",
      "Subject: CN = example.test",
      "NIST CURVE: P-256",
      "X509v3 Basic Constraints: critical CA:FALSE",
      "X509v3 Key Usage: critical Digital Signature X509v3",
      "X509v3 Extended Key Usage: TLS Web Server Authentication X509v3",
      "X509v3 Subject Alternative Name: DNS:example.test Signature",
    ]) {
      expect(text).toContain(line);
    }
    const skid = /Subject Key Identifier: ([0-9A-F:]+)/;
    const akid = /Authority Key Identifier: (?:keyid:)?([0-9A-F:]+)/;
    expect(akid.exec(text)?.[1]).toBe(skid.exec(opensslText(authority.certificate))?.[1]);
  });

  it.skipIf(!hasOpenssl)(
    "has an empty subject and a critical name where the name is too long for a common name",
    () => {
      const text = opensslText(minter.mint(LONG_NAME).certificatePem);
      expect(LONG_NAME.length).toBeGreaterThan(64);
      expect(text).toMatch(/Subject: Subject Public Key Info/);
      expect(text).toContain(`X509v3 Subject Alternative Name: critical DNS:${LONG_NAME}`);
    },
  );

  it("names an address as an address", () => {
    const leaf = new X509Certificate(minter.mint("2001:db8::1").certificatePem);
    expect(leaf.subjectAltName).toBe("IP Address:2001:DB8:0:0:0:0:0:1");
    expect(leaf.checkIP("2001:db8::1")).toBe("2001:db8::1");
  });

  it("names any IPv6 address as Node reads it", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(new X509Certificate(minter.mint(address).certificatePem).checkIP(address)).toBe(address);
      }),
      { numRuns: 50 },
    );
  });

  it("is served together with its CA, which signed it, and with a key that is not the CA's", () => {
    const leaf = minter.mint("example.test");
    const certificate = new X509Certificate(leaf.certificatePem);
    const issuer = new X509Certificate(authority.certificate);
    expect(leaf.chainPem).toBe(leaf.certificatePem + authority.certificate);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(leaf.keyPem))).toBe(true);
    expect(issuer.checkPrivateKey(createPrivateKey(leaf.keyPem))).toBe(false);
  });

  it("has a serial number of its own, positive, of 128 bits", () => {
    const serials = Array.from({ length: 300 }, () => {
      return new X509Certificate(minter.mint("example.test").certificatePem).serialNumber;
    });
    expect(new Set(serials).size).toBe(serials.length);
    for (const serial of serials) expect(serial).toMatch(/^[0-7][0-9A-F]{31}$/);
    // Random in the first byte as well: 300 of 127 values.
    expect(new Set(serials.map((serial) => serial.slice(0, 2))).size).toBeGreaterThan(60);
  });

  it("is refused for what is no name", () => {
    expect(() => minter.mint("*.com")).toThrow(RangeError);
    expect(() => minter.mint("\u001b[31m")).toThrow(RangeError);
  });
});

describe("the life of a leaf", () => {
  const now = Date.UTC(2027, 0, 10, 12, 0, 0, 500);
  const life = (notBefore: number, notAfter: number) => {
    const ca = createTestCa("Root", { notBefore: new Date(notBefore), notAfter: new Date(notAfter) });
    const leaf = createMinter({ certificate: ca.certPem, key: ca.keyPem }, () => now).mint("example.test");
    const { validFromDate, validToDate } = new X509Certificate(leaf.certificatePem);
    expect(validToDate.getTime()).toBe(leaf.notAfter);
    return { from: validFromDate.getTime() - now, to: leaf.notAfter - now, renewAt: leaf.renewAt - now };
  };

  it("is 46 days, 2 of them past, and is renewed at its half", () => {
    const { from, to, renewAt } = life(now - 100 * DAY, now + 100 * DAY);
    expect({ from, to, renewAt }).toEqual({ from: -2 * DAY - 500, to: 44 * DAY - 500, renewAt: 21 * DAY - 500 });
  });

  it("begins no earlier than its CA's", () => {
    expect(life(now - DAY - 500, now + 100 * DAY).from).toBe(-DAY - 500);
  });

  it("ends no later than its CA's, and is not renewed in vain before", () => {
    expect(life(now - 100 * DAY, now + DAY - 500)).toEqual({ from: -2 * DAY - 500, to: DAY - 500, renewAt: DAY - 500 });
  });

  it("is written as GeneralizedTime from 2050 on", () => {
    const ca = createTestCa("Root", { notAfter: new Date(Date.UTC(2060, 0, 1)) });
    const later = createMinter({ certificate: ca.certPem, key: ca.keyPem }, () => Date.UTC(2049, 11, 20));
    expect(new X509Certificate(later.mint("example.test").certificatePem).validTo).toBe("Feb  2 00:00:00 2050 GMT");
  });
});

describe("a leaf of a CA that the user brought along", () => {
  it.skipIf(!hasOpenssl).each([
    ["p256", "ecdsa-with-SHA256"],
    ["p384", "ecdsa-with-SHA384"],
    ["rsa2048", "sha256WithRSAEncryption"],
  ] as const)("with a key on %s is signed by %s, as strict clients demand", (key, algorithm) => {
    const ca = createTestCa("Brought along", { key, organization: "Exämple, Inc." });
    const { certificatePem } = minterOf(ca).mint("example.test");
    expect(opensslVerdict(ca.certPem, certificatePem, "example.test")).toBe("OK");
    expect(opensslText(certificatePem)).toContain(`Signature Algorithm: ${algorithm} `);
  });

  it.skipIf(!hasOpenssl)("with a key identifier of its own making repeats that", () => {
    const ca = createTestCa("Odd", { subjectKeyIdentifier: Buffer.from("0badcafe", "hex") });
    const { certificatePem } = minterOf(ca).mint("example.test");
    expect(opensslVerdict(ca.certPem, certificatePem, "example.test")).toBe("OK");
    expect(opensslText(certificatePem)).toMatch(/Authority Key Identifier: (?:keyid:)?0B:AD:CA:FE /);
  });

  it.skipIf(!hasOpenssl)("without a key identifier names the hash of its key", () => {
    const ca = createTestCa("Bare", { subjectKeyIdentifier: false });
    const { certificatePem } = minterOf(ca).mint("example.test");
    expect(opensslVerdict(ca.certPem, certificatePem, "example.test", [])).toBe("OK");
    // The test CA's own authority key identifier is that hash.
    const akid = /Authority Key Identifier: (?:keyid:)?([0-9A-F:]+)/;
    expect(akid.exec(opensslText(certificatePem))?.[1]).toBe(akid.exec(opensslText(ca.certPem))?.[1]);
  });
});

function minterOf(ca: TestCa): ReturnType<typeof createMinter> {
  return createMinter({ certificate: ca.certPem, key: ca.keyPem });
}

function createAuthority(): { certificate: string; key: string } {
  const { keyPem } = createTestCa();
  return { certificate: createRootCertificate(createPrivateKey(keyPem)), key: keyPem };
}

async function listen(leaf: { chainPem: string; keyPem: string }): Promise<tls.Server> {
  const server = tls.createServer({ cert: leaf.chainPem, key: leaf.keyPem }, (socket) => {
    socket.on("error", () => {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
