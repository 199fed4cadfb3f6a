/** Leaves: a certificate for one asked name, minted on the fly. */

import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { readIssuerFacts } from "./der.ts";
import { type LeafName, parseLeafName } from "./name.ts";
import {
  type Asn1,
  authorityKeyIdentifier,
  basicConstraints,
  certificatePem,
  createSigner,
  distinguishedName,
  keyIdentifier,
  keyUsage,
  preEncoded,
  randomSerial,
  serverAuthUsage,
  signCertificate,
  subjectAltName,
  subjectKeyIdentifier,
} from "./x509.ts";

export interface Leaf {
  /** The name it is for: lower case, A-labels; an address in its shortest form, IPv6 without brackets. */
  name: string;
  certificatePem: string;
  /** The leaf, then the CA: what a TLS server sends. */
  chainPem: string;
  /** PKCS#8. The same for all leaves of one minter. */
  keyPem: string;
  /** Epoch ms */
  notAfter: number;
  /** Epoch ms from which on a new one should be minted. */
  renewAt: number;
}

export interface Minter {
  /** Mints a leaf. Throws RangeError for what {@link parseLeafName} says is no name: ask it before. */
  mint(name: string): Leaf;
}

/**
 * A minter for a CA, both parts as PEM. `authority.certificate` may go on with the CA's own issuers, which are then
 * served as well. It makes one P-256 key for all its leaves, which lives in memory only.
 */
export function createMinter(authority: { certificate: string; key: string }, now: () => number = Date.now): Minter {
  const ca = new X509Certificate(authority.certificate);
  const signer = createSigner(createPrivateKey(authority.key));
  const leafKey = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keyPem = leafKey.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const { issuer, publicKey, extensions } = encodeOnce(ca, leafKey.publicKey);

  return {
    mint(text) {
      const name = parseLeafName(text);
      if (name === null) throw new RangeError("a leaf can't be minted for what is no host name and no address");
      const { notBefore, notAfter, renewAt } = lifeOf(now(), ca);
      const { subject, altName } = holderOf(name);
      const serial = randomSerial();
      const fields = { serial, issuer, subject, notBefore, notAfter, publicKey, extensions: [...extensions, altName] };
      const pem = certificatePem(signCertificate(fields, signer));
      return { name: name.text, certificatePem: pem, chainPem: pem + authority.certificate, keyPem, notAfter, renewAt };
    },
  };
}

/** What is the same in every leaf. */
function encodeOnce(ca: X509Certificate, leafKey: KeyObject): { issuer: Asn1; publicKey: Asn1; extensions: Asn1[] } {
  const facts = readIssuerFacts(ca.raw);
  const spki = spkiOf(leafKey);
  return {
    issuer: preEncoded(facts.subject),
    publicKey: preEncoded(spki),
    extensions: [
      basicConstraints(null),
      keyUsage([DIGITAL_SIGNATURE]),
      serverAuthUsage(),
      subjectKeyIdentifier(keyIdentifier(spki)),
      authorityKeyIdentifier(facts.subjectKeyIdentifier ?? keyIdentifier(spkiOf(ca.publicKey))),
    ],
  };
}

/** A common name has 64 characters at most (RFC 5280, upper bounds): beyond, the subject is empty and the SAN critical. */
function holderOf(name: LeafName): { subject: Asn1; altName: Asn1 } {
  const tooLong = name.text.length > 64;
  return {
    subject: distinguishedName(tooLong ? {} : { commonName: name.text }),
    altName: subjectAltName(name.address === null ? { dns: name.text } : { address: name.address }, tooLong),
  };
}

/**
 * When a leaf minted now begins and ends. 46 days in all are below every limit that browsers have announced (47 days
 * from 2029 on: SC-081v3); two of them lie back, for clients whose clock is slow. A leaf never outlives its CA: where the
 * CA's end cuts it short, a new one would end no later, so there is nothing to renew before.
 */
function lifeOf(now: number, ca: X509Certificate): { notBefore: number; notAfter: number; renewAt: number } {
  const start = wholeSecond(now) - BACK_DATED;
  const end = start + LIFE;
  const notBefore = Math.max(start, ca.validFromDate.getTime());
  const notAfter = Math.min(end, ca.validToDate.getTime());
  return { notBefore, notAfter, renewAt: notAfter < end ? notAfter : start + LIFE / 2 };
}

function wholeSecond(epochMs: number): number {
  return Math.floor(epochMs / 1000) * 1000;
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

const DAY = 86_400_000;
const BACK_DATED = 2 * DAY;
const LIFE = 46 * DAY;

/** Bit numbers of keyUsage (RFC 5280 4.2.1.3). */
const DIGITAL_SIGNATURE = 0;
