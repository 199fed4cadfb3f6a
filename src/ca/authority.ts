/** plainwire's own CA: made on the first start, loaded on every later one, refused if it is not safe or not sound. */

import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KEY_MODE, publish, readPrivateKey } from "./files.ts";
import { AuthorityError, isSystemError, moveAway, reasonOf, shellPath } from "./refusal.ts";
import { createKeyPem, createRootCertificate } from "./root.ts";

export interface Authority {
  /** The CA certificate; if the file goes on with the CA's own issuers, those too. Nothing else of the file. */
  certificatePem: string;
  /** PKCS#8, SEC 1 or PKCS#1, as in the file. */
  keyPem: string;
  certificatePath: string;
  /** True if this call made the CA. */
  created: boolean;
  /** SHA-256 of the certificate: upper-case hex, colons between bytes. */
  fingerprint: string;
  /** On one line: "O=plainwire, CN=plainwire CA (host, 1a2b3c4d)". */
  subject: string;
}

/**
 * Loads the CA from `ca-key.pem` and `ca.pem` in `dir`, or makes one there. The key is written first and each file
 * appears whole or not at all, so a start that died in between is made good by the next one, and of several processes
 * that start at once all end up with the same CA. Throws {@link AuthorityError} with what to do about it.
 */
export function loadOrCreateAuthority(dir: string): Authority {
  const keyPath = join(dir, "ca-key.pem");
  const certificatePath = join(dir, "ca.pem");
  createDirectory(dir);
  // Asked before the key is: another process may be making both, and it makes the key first.
  const hadCertificate = existsSync(certificatePath);
  let key = readPrivateKey(keyPath);
  if (key === null) {
    if (hadCertificate) throw keyMissing(keyPath, certificatePath);
    publish(keyPath, createKeyPem(), KEY_MODE);
    key = readPrivateKey(keyPath);
    if (key === null) throw keyMissing(keyPath, certificatePath);
  }
  const created = !hadCertificate && publish(certificatePath, createRootCertificate(key.object), 0o644);
  const chain = readCertificates(certificatePath);
  checkCertificate(chain.certificate, certificatePath);
  if (!chain.certificate.checkPrivateKey(key.object)) throw mismatch(keyPath, certificatePath);
  return {
    certificatePem: chain.pem,
    keyPem: key.pem,
    certificatePath,
    created,
    fingerprint: chain.certificate.fingerprint256,
    subject: subjectLine(chain.certificate),
  };
}

function createDirectory(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AuthorityError(
      `the CA's folder ${dir} can't be made: ${reasonOf(error)}`,
      "Give another one with --ca-dir DIR",
    );
  }
}

function readCertificates(path: string): { certificate: X509Certificate; pem: string } {
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch (error) {
    const fix = isSystemError(error, "EACCES") ? `chmod 644 ${shellPath(path)}` : `ls -l ${shellPath(path)}`;
    throw new AuthorityError(`the CA certificate ${path} can't be read: ${reasonOf(error)}`, fix);
  }
  // The blocks alone: a file that someone brought along may hold its key as well, and this text is served to clients.
  const blocks = text.match(CERTIFICATE_BLOCK) ?? [];
  try {
    return { certificate: new X509Certificate(blocks[0] ?? ""), pem: blocks.map((block) => `${block}\n`).join("") };
  } catch {
    throw new AuthorityError(`the CA certificate ${path} is not a PEM certificate`, makeAnew(path));
  }
}

function checkCertificate(certificate: X509Certificate, path: string): void {
  if (!certificate.ca) {
    const why = "it is not a CA certificate, so no client would accept what it signs";
    throw new AuthorityError(`the certificate ${path} can't be used: ${why}`, makeAnew(path));
  }
  if (certificate.validToDate.getTime() <= Date.now()) {
    throw new AuthorityError(
      `the CA certificate ${path} expired on ${certificate.validTo}, so no client would accept what it signs`,
      `${makeAnew(path)}, then let your clients trust the new one`,
    );
  }
  if (certificate.validFromDate.getTime() > Date.now()) {
    throw new AuthorityError(
      `the CA certificate ${path} is not valid before ${certificate.validFrom}`,
      "Set this machine's clock right",
    );
  }
}

/** Node writes one attribute a line, and a backslash before a comma. */
function subjectLine(certificate: X509Certificate): string {
  return certificate.subject.replaceAll(/\\([^0-9A-Fa-f])/g, "$1").replaceAll("\n", ", ");
}

function keyMissing(keyPath: string, certificatePath: string): AuthorityError {
  return new AuthorityError(
    `the CA's key ${keyPath} is missing, but its certificate ${certificatePath} is there`,
    `Put the key back, or have a new CA made: ${moveAway(certificatePath)}`,
  );
}

function mismatch(keyPath: string, certificatePath: string): AuthorityError {
  return new AuthorityError(
    `the CA's key ${keyPath} does not belong to its certificate ${certificatePath}`,
    `Put the right key there, or have a new CA made: ${moveAway(keyPath, certificatePath)}`,
  );
}

/** A certificate without a fault is made for the key that is there: only the certificate has to go. */
function makeAnew(certificatePath: string): string {
  return `Have a new one made at the next start: ${moveAway(certificatePath)}`;
}

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
