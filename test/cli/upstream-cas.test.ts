import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { X509Certificate } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { readUpstreamCas } from "../../src/cli/upstream-cas.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-cas-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const [first = "", second = ""] = tls.rootCertificates.map((pem) => new X509Certificate(pem).toString());

function read(content: string | Buffer): string {
  const file = path.join(folder, "ca.pem");
  fs.writeFileSync(file, content);
  return readUpstreamCas([file])
    .map(({ pem }) => pem)
    .join("");
}

describe("--upstream-ca takes", () => {
  it.each<[string, string | Buffer, string]>([
    ["a certificate", first, first],
    ["a bundle with notes between", `# one\n${first}\r\n# two\n${second}`, first + second],
    ["a certificate in DER", new X509Certificate(first).raw, first],
    ["Windows' line ends", first.replaceAll("\n", "\r\n"), first],
  ])("%s", (_title, content, pem) => {
    expect(read(content)).toBe(pem);
  });

  it.each<[string, string | Buffer]>([
    ["an empty file", ""],
    ["a text", "hello"],
    ["a private key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
    ["a certificate that is cut", `${first.slice(0, 400)}\n-----END CERTIFICATE-----\n`],
  ])("but not %s", (_title, content) => {
    expect(() => read(content)).toThrow(`--upstream-ca ${folder}/ca.pem: `);
  });

  it("nor a file that is not there", () => {
    expect(() => readUpstreamCas(["/nowhere/ca.pem"])).toThrow("--upstream-ca /nowhere/ca.pem: there is no such file");
  });
});
