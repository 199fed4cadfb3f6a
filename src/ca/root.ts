/** A new root: its key and its certificate. */

import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import {
  basicConstraints,
  certificatePem,
  createSigner,
  distinguishedName,
  keyIdentifier,
  keyUsage,
  preEncoded,
  randomSerial,
  signCertificate,
  subjectKeyIdentifier,
} from "./x509.ts";

/** A new P-256 key, PKCS#8 PEM. */
export function createKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** A self-signed CA certificate for the key, PEM: one year, back-dated by a day, and no CA may stand below it. */
export function createRootCertificate(key: KeyObject, now: number = Date.now()): string {
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const name = distinguishedName({ organization: "plainwire", commonName: commonName(hostname()) });
  const begin = Math.floor(now / 1000) * 1000 - DAY;
  const der = signCertificate(
    {
      serial: randomSerial(),
      issuer: name,
      subject: name,
      notBefore: begin,
      notAfter: begin + 365 * DAY,
      publicKey: preEncoded(spki),
      extensions: [basicConstraints(0), keyUsage([KEY_CERT_SIGN, CRL_SIGN]), subjectKeyIdentifier(keyIdentifier(spki))],
    },
    createSigner(key),
  );
  return certificatePem(der);
}

/**
 * "plainwire CA (host, 1a2b3c4d)": a CA that was made anew never shares its name with the one before, which clients may
 * still trust. 64 characters are the most that a common name has (RFC 5280, upper bounds); the frame takes 25.
 */
export function commonName(host: string): string {
  const printable = host.replaceAll(/[^A-Za-z0-9._-]/g, "").slice(0, 64 - 25);
  return `plainwire CA (${printable === "" ? "unnamed" : printable}, ${randomBytes(4).toString("hex")})`;
}

const DAY = 86_400_000;

/** Bit numbers of keyUsage (RFC 5280 4.2.1.3). */
const KEY_CERT_SIGN = 5;
const CRL_SIGN = 6;
