import { execFile, execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { type Authority, loadOrCreateAuthority } from "../../src/ca/authority.ts";
import { publish } from "../../src/ca/files.ts";
import { createMinter } from "../../src/ca/leaf.ts";
import { AuthorityError } from "../../src/ca/refusal.ts";
import { commonName } from "../../src/ca/root.ts";
import { createSelfSigned, createTestCa, type TestCertificate } from "../support/pki.ts";
import { hasOpenssl, inFolder, opensslText, opensslVerdict } from "./judges.ts";

const DAY = 86_400_000;
const isWindows = process.platform === "win32";

describe("the first start", () => {
  it("makes a CA in a folder of its own, and the next start loads it", () => {
    inFolder((folder) => {
      const dir = join(folder, "data", "ca");
      const first = loadOrCreateAuthority(dir);
      const second = loadOrCreateAuthority(dir);
      expect(first.created).toBe(true);
      expect(second).toEqual({ ...first, created: false });
      expect(readdirSync(dir).toSorted()).toEqual(["ca-key.pem", "ca.pem"]);
      expect(first.certificatePath).toBe(join(dir, "ca.pem"));
      expect(readFileSync(first.certificatePath, "utf8")).toBe(first.certificatePem);
      expect(first.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
      expect(first.subject).toMatch(/^O=plainwire, CN=plainwire CA \([\w.-]+, [0-9a-f]{8}\)$/);
      expect(createPrivateKey(first.keyPem).asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    });
  });

  it("makes another CA in every folder", () => {
    const make = (): Authority => inFolder((folder) => loadOrCreateAuthority(folder));
    const [one, two] = [make(), make()];
    expect(two.subject).not.toBe(one.subject);
    expect(two.keyPem).not.toBe(one.keyPem);
    const serial = (authority: Authority): string => new X509Certificate(authority.certificatePem).serialNumber;
    expect(serial(two)).not.toBe(serial(one));
  });

  it.skipIf(!hasOpenssl)(
    "makes a CA with the profile that every client accepts, which signs as strict ones demand",
    () => {
      inFolder((folder) => {
        const { certificatePem, keyPem } = loadOrCreateAuthority(folder);
        const leaf = createMinter({ certificate: certificatePem, key: keyPem }).mint("example.test");
        expect(opensslVerdict(certificatePem, leaf.certificatePem, "example.test")).toBe("OK");
        const text = opensslText(certificatePem);
        expect(text).toContain("X509v3 Basic Constraints: critical CA:TRUE, pathlen:0");
        expect(text).toContain("X509v3 Key Usage: critical Certificate Sign, CRL Sign");
        expect(text).toContain("X509v3 Subject Key Identifier:");
        expect(text).toContain("Signature Algorithm: ecdsa-with-SHA256");
        const { validFromDate, validToDate, serialNumber } = new X509Certificate(certificatePem);
        expect(validToDate.getTime() - validFromDate.getTime()).toBe(365 * DAY);
        expect(Math.abs(Date.now() - DAY - validFromDate.getTime())).toBeLessThan(60_000);
        expect(serialNumber).toMatch(/^[0-7][0-9A-F]{31}$/);
      });
    },
  );

  it.skipIf(isWindows).each(["000", "022", "077"])("keeps the key to its owner under umask %s", async (umask) => {
    await inFolder(async (folder) => {
      const dir = join(folder, "ca");
      await startProcess(dir, umask);
      expect(modeOf(join(dir, "ca-key.pem"))).toBe("600");
      expect(modeOf(join(dir, "ca.pem"))).toBe("644");
      expect(modeOf(dir)).toBe("700");
    });
  });

  it("uses a folder that is there already, and leaves its mode", () => {
    inFolder((folder) => {
      const dir = join(folder, "ca");
      mkdirSync(dir);
      chmodSync(dir, 0o755);
      writeFileSync(join(dir, "README.md"), "");
      expect(loadOrCreateAuthority(dir).created).toBe(true);
      if (!isWindows) expect(modeOf(dir)).toBe("755");
    });
  });

  it("makes the certificate for a key that is there already: the start before died between the two", () => {
    inFolder((folder) => {
      const first = loadOrCreateAuthority(folder);
      rmSync(first.certificatePath);
      const second = loadOrCreateAuthority(folder);
      expect(second.created).toBe(true);
      expect(second.keyPem).toBe(first.keyPem);
      expect(second.subject).not.toBe(first.subject);
    });
  });

  it("by several processes at once leaves one CA, which all of them use", async () => {
    await inFolder(async (folder) => {
      const started = await Promise.all(Array.from({ length: 4 }, () => startProcess(join(folder, "ca"))));
      expect(new Set(started.map(({ fingerprint }) => fingerprint)).size).toBe(1);
      expect(started.filter(({ created }) => created)).toHaveLength(1);
      expect(readdirSync(join(folder, "ca")).toSorted()).toEqual(["ca-key.pem", "ca.pem"]);
    });
  });

  it("never overwrites what another process wrote first", () => {
    inFolder((folder) => {
      const file = join(folder, "file");
      expect(publish(file, "first", 0o600)).toBe(true);
      expect(publish(file, "second", 0o600)).toBe(false);
      expect(readFileSync(file, "utf8")).toBe("first");
      expect(readdirSync(folder)).toEqual(["file"]);
    });
  });
});

describe("the common name", () => {
  it.each([
    ["a host name", "build-01.example", /^plainwire CA \(build-01\.example, [0-9a-f]{8}\)$/],
    ["a long host name", "h".repeat(200), /^plainwire CA \(h{39}, [0-9a-f]{8}\)$/],
    ["a host name that is not ASCII", "büro\u0007,)=", /^plainwire CA \(bro, [0-9a-f]{8}\)$/],
    ["no host name", "", /^plainwire CA \(unnamed, [0-9a-f]{8}\)$/],
  ])("of %s is printable and at most 64 characters long", (_title, host, expected) => {
    expect(commonName(host)).toMatch(expected);
    expect(commonName(host).length).toBeLessThanOrEqual(64);
  });
});

describe("a CA that the user brought along", () => {
  it.each(["p256", "p384", "rsa2048"] as const)("is loaded with a key on %s", (key) => {
    withFiles(createTestCa("Brought along", { key }), (dir) => {
      expect(loadOrCreateAuthority(dir)).toMatchObject({ created: false, subject: "CN=Brought along" });
    });
  });

  it("never has its key served, although the certificate's file holds that too", () => {
    const ca = createTestCa();
    withFiles({ ...ca, certPem: `a note\n${ca.keyPem}${ca.certPem}` }, (dir) => {
      expect(loadOrCreateAuthority(dir).certificatePem).toBe(ca.certPem);
    });
  });

  it("keeps the issuers that stand below its certificate", () => {
    const root = createTestCa();
    const intermediate = root.intermediate();
    withFiles({ ...intermediate, certPem: intermediate.certPem + root.certPem }, (dir) => {
      expect(loadOrCreateAuthority(dir)).toMatchObject({
        subject: "CN=Test Intermediate",
        certificatePem: intermediate.certPem + root.certPem,
      });
    });
  });
});

describe("a CA that is refused, with the reason and the command that mends it", () => {
  const ca = createTestCa();
  const past = { notBefore: new Date(Date.now() - 9 * DAY), notAfter: new Date(Date.now() - DAY) };
  const future = { notBefore: new Date(Date.now() + DAY) };
  const encrypted = createPrivateKey(ca.keyPem).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "secret",
  });
  const otherCurve = generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  });

  it.each<[title: string, files: Partial<TestCertificate>, message: RegExp, fix: RegExp]>([
    [
      "the key is another's",
      { keyPem: createTestCa().keyPem },
      /does not belong to its certificate/,
      /mv .*ca-key\.pem.* && mv .*ca\.pem/,
    ],
    ["the key is no PEM", { keyPem: "nonsense" }, /ca-key\.pem is not a PEM private key/, /mv .*ca-key\.pem/],
    ["the key is empty", { keyPem: "" }, /ca-key\.pem is not a PEM private key/, /mv .*ca-key\.pem/],
    ["the key is huge", { keyPem: "x".repeat(100_000) }, /too large/, /mv .*ca-key\.pem/],
    ["the key is encrypted", { keyPem: String(encrypted) }, /encrypted with a passphrase/, /mv .*ca-key\.pem/],
    ["the key is on P-521", { keyPem: String(otherCurve) }, /P-256 or P-384/, /mv .*ca-key\.pem/],
    ["the key is RSA of 1024 bits", createTestCa("Weak", { key: "rsa1024" }), /at least 2048 bits/, /mv .*ca-key\.pem/],
    ["the certificate is no PEM", { certPem: "nonsense" }, /ca\.pem is not a PEM certificate/, /mv .*ca\.pem/],
    [
      "the certificate is broken",
      { certPem: ca.certPem.replaceAll(/^M.*$/gm, "AAAA") },
      /not a PEM certificate/,
      /mv .*ca\.pem/,
    ],
    ["the certificate has expired", createTestCa("Old", past), /expired on .* GMT/, /mv .*ca\.pem/],
    ["the certificate is not valid yet", createTestCa("New", future), /not valid before/, /clock/],
    ["the certificate is no CA's", createSelfSigned(), /not a CA certificate/, /mv .*ca\.pem/],
  ])("%s", (_title, files, message, fix) => {
    withFiles({ ...ca, ...files }, (dir) => expectRefusal(dir, message, fix));
  });

  it.skipIf(isWindows).each([
    ["its group", 0o640],
    ["everyone", 0o604],
    ["everyone's changes", 0o602],
    ["everyone's all", 0o777],
  ])("the key is open to %s", (_title, mode) => {
    withFiles(ca, (dir) => {
      chmodSync(join(dir, "ca-key.pem"), mode);
      expectRefusal(dir, new RegExp(`mode 0${mode.toString(8)}`), /^chmod 600 \/.*ca-key\.pem$/);
      chmodSync(join(dir, "ca-key.pem"), 0o600);
      expect(loadOrCreateAuthority(dir).created).toBe(false);
    });
  });

  it.skipIf(isWindows)("the key is open, in a folder whose name needs quotes", () => {
    withFiles(ca, (dir) => {
      const odd = join(dir, "it's $HOME");
      mkdirSync(odd);
      for (const file of ["ca-key.pem", "ca.pem"]) renameSync(join(dir, file), join(odd, file));
      chmodSync(join(odd, "ca-key.pem"), 0o644);
      const refusal = refusalOf(odd);
      execFileSync("sh", ["-c", refusal?.fix ?? ""]);
      expect(loadOrCreateAuthority(odd).created).toBe(false);
    });
  });

  it.skipIf(isWindows)("the key is a symbolic link, also one that leads to a good key or nowhere", () => {
    withFiles(ca, (dir) => {
      const key = join(dir, "ca-key.pem");
      renameSync(key, join(dir, "real.pem"));
      symlinkSync(join(dir, "real.pem"), key);
      expectRefusal(dir, /symbolic link/, /readlink -f .*ca-key\.pem/);
      rmSync(join(dir, "real.pem"));
      expectRefusal(dir, /symbolic link/, /readlink -f .*ca-key\.pem/);
    });
  });

  it.skipIf(isWindows)("the key is a named pipe, without waiting for who writes to it", () => {
    withFiles(ca, (dir) => {
      rmSync(join(dir, "ca-key.pem"));
      execFileSync("mkfifo", ["-m", "600", join(dir, "ca-key.pem")]);
      expectRefusal(dir, /not a file/, /mv .*ca-key\.pem/);
    });
  });

  it("the key is a folder", () => {
    withFiles(ca, (dir) => {
      rmSync(join(dir, "ca-key.pem"));
      mkdirSync(join(dir, "ca-key.pem"), { mode: 0o700 });
      expectRefusal(dir, /not a file|can't be read/, /ca-key\.pem/);
    });
  });

  it.skipIf(isWindows)("the key belongs to another user", () => {
    withFiles(ca, (dir) => {
      const euid = vi.spyOn(process, "geteuid").mockReturnValue(statSync(dir).uid + 1);
      expectRefusal(dir, /belongs to another user/, /chown .*ca-key\.pem/);
      euid.mockRestore();
    });
  });

  it.skipIf(isWindows)("the key can't be opened: it is a socket", async () => {
    const server = createServer();
    await inFolder(async (folder) => {
      await new Promise<void>((resolve) => server.listen(join(folder, "ca-key.pem"), resolve));
      expectRefusal(folder, /can't be read: ENXIO|can't be read: EOPNOTSUPP/, /^ls -l /);
      server.close();
    });
  });

  it("the key is missing and the certificate is there: a new key would not fit what clients trust", () => {
    withFiles(ca, (dir) => {
      rmSync(join(dir, "ca-key.pem"));
      expectRefusal(dir, /ca-key\.pem is missing/, /mv .*ca\.pem/);
      expect(existsSync(join(dir, "ca-key.pem"))).toBe(false);
    });
  });

  it("the folder can't be made", () => {
    withFiles(ca, (dir) => expectRefusal(join(dir, "ca.pem", "below"), /folder .* can't be made/, /--ca-dir/));
  });
});

function withFiles(files: { certPem: string; keyPem: string }, use: (dir: string) => void): void {
  inFolder((folder) => {
    writeFileSync(join(folder, "ca-key.pem"), files.keyPem, { mode: 0o600 });
    writeFileSync(join(folder, "ca.pem"), files.certPem);
    use(folder);
  });
}

function expectRefusal(dir: string, message: RegExp, fix: RegExp): void {
  const refusal = refusalOf(dir);
  expect(refusal?.message).toMatch(message);
  expect(refusal?.fix).toMatch(fix);
  expect(refusal?.message).not.toContain("PRIVATE KEY-----");
}

function refusalOf(dir: string): AuthorityError | null {
  try {
    loadOrCreateAuthority(dir);
    return null;
  } catch (error) {
    if (error instanceof AuthorityError) return error;
    throw error;
  }
}

async function startProcess(dir: string, umask = "022"): Promise<{ created: boolean; fingerprint: string }> {
  const args = ["--input-type=module", "-e", PROCESS, dir, umask];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as { created: boolean; fingerprint: string };
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

const PROCESS = `
import { loadOrCreateAuthority } from ${JSON.stringify(new URL("../../src/ca/authority.ts", import.meta.url))};
process.umask(Number.parseInt(process.argv[2], 8));
const { created, fingerprint } = loadOrCreateAuthority(process.argv[1]);
console.log(JSON.stringify({ created, fingerprint }));
`;
