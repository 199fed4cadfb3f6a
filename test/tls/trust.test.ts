import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duplexPair } from "node:stream";
import tls from "node:tls";
import { describe, expect, it } from "vitest";
import { createMinter } from "../../src/ca/leaf.ts";
import { createRootCertificate } from "../../src/ca/root.ts";
import { upstreamRoots, type UpstreamRoots } from "../../src/tls/trust.ts";
import { createTestCa } from "../support/pki.ts";

const bundled = tls.getCACertificates("bundled");
const ownCa = createOwnCa();
const company = createTestCa("Company Root");

describe("the roots that upstreams are verified against", () => {
  it("are the bundled ones, the system's and the extra ones, each once", () => {
    const { roots, ownCasRemoved, warnings } = upstreamRoots([
      company.certPem,
      company.certPem.replaceAll("\n", "\r\n"),
    ]);
    const fingerprints = roots.map((pem) => new X509Certificate(pem).fingerprint256);
    expect(new Set(fingerprints).size).toBe(roots.length);
    expect(fingerprints).toContain(fingerprint(company.certPem));
    for (const pem of [...bundled, ...tls.getCACertificates("system")])
      expect(fingerprints).toContain(fingerprint(pem));
    expect({ ownCasRemoved, warnings }).toEqual({ ownCasRemoved: 0, warnings: [] });
  });

  it("take every certificate of an extra text, whatever stands between them", () => {
    const other = createTestCa("Other Root");
    const { roots } = upstreamRoots([`# ours\n${company.certPem}\nsubject=/CN=Other\n${other.certPem}\n`]);
    expect(roots).toEqual(expect.arrayContaining([company.certPem, other.certPem]));
  });

  it("are never a plainwire CA that the system trusts, also one of another install", () => {
    const { roots, ownCasRemoved, warnings } = withSystemStore(ownCa.certificate + company.certPem);
    expect(roots).toContain(company.certPem);
    expect(roots.map(fingerprint)).not.toContain(fingerprint(ownCa.certificate));
    expect({ ownCasRemoved, warnings }).toEqual({ ownCasRemoved: 1, warnings: [] });
  });

  it("are never a plainwire CA among the extra ones: a warning says so", () => {
    const { roots, ownCasRemoved, warnings } = upstreamRoots([company.certPem + ownCa.certificate]);
    expect(roots).toContain(company.certPem);
    expect(roots.map(fingerprint)).not.toContain(fingerprint(ownCa.certificate));
    expect(ownCasRemoved).toBe(1);
    expect(warnings).toEqual([expect.stringContaining("a plainwire CA among the extra upstream CAs was left out")]);
  });

  it("are never a plainwire CA whose subject is written in another order", () => {
    const odd = createTestCa("plainwire CA (elsewhere, 00c0ffee)", { organization: "plainwire" });
    expect(upstreamRoots([odd.certPem]).ownCasRemoved).toBe(1);
  });

  it("are never the CA in use, whatever it is called, also under another certificate with its key", () => {
    const key = createPrivateKey(company.keyPem);
    const reissued = createRootCertificate(key);
    expect(upstreamRoots([company.certPem], [company.certPem]).ownCasRemoved).toBe(1);
    expect(upstreamRoots([company.certPem], [reissued]).ownCasRemoved).toBe(1);
    expect(upstreamRoots([company.certPem], [createTestCa("Company Root").certPem]).ownCasRemoved).toBe(0);
  });

  it.each([
    ["only by its organization", createTestCa("Some CA", { organization: "plainwire" })],
    ["only by its common name", createTestCa("plainwire CA (host, 00c0ffee)", { organization: "plainwire Ltd" })],
  ])("may be a CA that resembles plainwire's %s", (_title, ca) => {
    expect(upstreamRoots([ca.certPem]).roots).toContain(ca.certPem);
  });

  it("refuse an upstream with a leaf of plainwire's, and accept the company's", async () => {
    const own = createMinter(ownCa).mint("example.test");
    const good = company.issue({ names: ["example.test"] });
    const { roots } = upstreamRoots([company.certPem, ownCa.certificate]);
    expect(await connect(own, roots)).toBe("SELF_SIGNED_CERT_IN_CHAIN");
    expect(await connect(good, roots)).toBe("verified");
    // The leaf itself is sound: with its CA as a root it is accepted.
    expect(await connect(own, [ownCa.certificate])).toBe("verified");
  });

  it.each([
    ["nothing", "", /extra CA 2 holds no PEM certificate/],
    ["a note", "not a certificate", /extra CA 2 holds no PEM certificate/],
    ["a private key", company.keyPem, /extra CA 2 holds no PEM certificate.*private key, which does not belong/],
    ["DER", new X509Certificate(company.certPem).raw.toString("latin1"), /extra CA 2 holds no PEM certificate/],
    ["half a certificate", company.certPem.slice(0, 300), /extra CA 2 holds no PEM certificate/],
    [
      "a broken one after a good one",
      company.certPem + company.certPem.replace("MII", "AAA"),
      /extra CA 2: certificate 2 of 2/,
    ],
  ])("are not made from %s: the error says where", (_title, text, message) => {
    expect(() => upstreamRoots([company.certPem, text])).toThrow(message);
  });
});

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

function createOwnCa(): { certificate: string; key: string } {
  const { keyPem } = createTestCa();
  return { certificate: createRootCertificate(createPrivateKey(keyPem)), key: keyPem };
}

function withSystemStore(pem: string): UpstreamRoots {
  const folder = mkdtempSync(join(tmpdir(), "plainwire-test-"));
  try {
    const file = join(folder, "roots.pem");
    writeFileSync(file, pem);
    const env = { ...process.env, SSL_CERT_FILE: file, SSL_CERT_DIR: folder };
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", PROCESS], { env, encoding: "utf8" });
    return JSON.parse(output) as UpstreamRoots;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** "verified", or the code of the error. */
function connect(leaf: { chainPem: string; keyPem: string }, ca: string[]): Promise<string> {
  const [near, far] = duplexPair();
  const server = tls.createServer({ cert: leaf.chainPem, key: leaf.keyPem });
  server.on("tlsClientError", () => {}).on("secureConnection", (socket) => socket.on("error", () => {}).end());
  server.emit("connection", far);
  return new Promise((resolve) => {
    const client = tls.connect({ socket: near, servername: "example.test", ca });
    client.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    client.on("secureConnect", () => resolve("verified"));
  });
}

/** In a process of its own: Node reads the system's store once, and from SSL_CERT_FILE if that is set. */
const PROCESS = `
import { upstreamRoots } from ${JSON.stringify(new URL("../../src/tls/trust.ts", import.meta.url))};
console.log(JSON.stringify(upstreamRoots([])));
`;
