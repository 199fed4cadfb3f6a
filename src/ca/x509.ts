/** The pieces of an X.509 certificate (RFC 5280) as ASN.1, and the signature over them by `node:crypto`. */

import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { createRequire } from "node:module";
import type { asn1 as Encoder } from "node-forge";
import { readElement } from "./der.ts";

export type Asn1 = Encoder.Asn1;

// The encoder alone: it is all of node-forge that is needed, and the whole takes 30 ms more to load.
const asn1 = createRequire(import.meta.url)("node-forge/lib/asn1.js") as typeof Encoder;

/** What is said about a certificate's holder. Issuer, subject, key and extensions are encoded already. */
export interface CertificateFields {
  /** 16 bytes, see {@link randomSerial}. */
  serial: Buffer;
  issuer: Asn1;
  subject: Asn1;
  /** Epoch ms; fractions of a second are cut. */
  notBefore: number;
  notAfter: number;
  /** SubjectPublicKeyInfo. */
  publicKey: Asn1;
  extensions: Asn1[];
}

/** Who signs: a private key of `node:crypto`, and the algorithm that goes with it. */
export interface Signer {
  key: KeyObject;
  digest: "sha256" | "sha384";
  algorithm: Asn1;
}

/** The signer for an EC P-256, EC P-384 or RSA key. */
export function createSigner(key: KeyObject): Signer {
  if (key.asymmetricKeyType === "rsa") {
    // RFC 4055 5: the parameters of an RSA signature algorithm are NULL, those of an ECDSA one are absent (RFC 5758 3.2).
    const algorithm = sequence(oid(SHA256_WITH_RSA), primitive(asn1.Type.NULL, ""));
    return { key, digest: "sha256", algorithm: preEncoded(encode(algorithm)) };
  }
  const p384 = key.asymmetricKeyDetails?.namedCurve === "secp384r1";
  const algorithm = sequence(oid(p384 ? ECDSA_WITH_SHA384 : ECDSA_WITH_SHA256));
  return { key, digest: p384 ? "sha384" : "sha256", algorithm: preEncoded(encode(algorithm)) };
}

/** The signed certificate in DER. */
export function signCertificate(fields: CertificateFields, signer: Signer): Buffer {
  const tbsCertificate = encode(
    sequence(
      VERSION_3,
      primitive(asn1.Type.INTEGER, latin1(fields.serial)),
      signer.algorithm,
      fields.issuer,
      sequence(time(fields.notBefore), time(fields.notAfter)),
      fields.subject,
      fields.publicKey,
      contextual(3, [sequence(...fields.extensions)]),
    ),
  );
  const signature = sign(signer.digest, tbsCertificate, signer.key);
  return encode(sequence(preEncoded(tbsCertificate), signer.algorithm, bitString(signature)));
}

/** A subject or issuer: attributes in the order given, an empty one for none. */
export function distinguishedName(attributes: { organization?: string; commonName?: string }): Asn1 {
  const { organization, commonName } = attributes;
  return sequence(
    ...(organization === undefined ? [] : [attribute(ORGANIZATION, organization)]),
    ...(commonName === undefined ? [] : [attribute(COMMON_NAME, commonName)]),
  );
}

export function basicConstraints(pathLength: number | null): Asn1 {
  const ca = [primitive(asn1.Type.BOOLEAN, "\xff")];
  // A leaf's is the empty sequence: CA's default is FALSE, and DER leaves defaults out (X.690 11.5).
  const value = pathLength === null ? [] : [...ca, primitive(asn1.Type.INTEGER, String.fromCharCode(pathLength))];
  return extension(BASIC_CONSTRAINTS, true, sequence(...value));
}

/** `bits`: their numbers in RFC 5280 4.2.1.3, the first eight at most: 0 is digitalSignature. */
export function keyUsage(bits: readonly number[]): Asn1 {
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  const unused = 7 - Math.max(...bits);
  return extension(KEY_USAGE, true, primitive(asn1.Type.BITSTRING, String.fromCharCode(unused, byte)));
}

export function serverAuthUsage(): Asn1 {
  return extension(EXTENDED_KEY_USAGE, false, sequence(oid(SERVER_AUTH)));
}

export function subjectKeyIdentifier(identifier: Buffer): Asn1 {
  return extension(SUBJECT_KEY_IDENTIFIER, false, primitive(asn1.Type.OCTETSTRING, latin1(identifier)));
}

export function authorityKeyIdentifier(identifier: Buffer): Asn1 {
  return extension(AUTHORITY_KEY_IDENTIFIER, false, sequence(contextual(0, latin1(identifier))));
}

/** RFC 5280 4.2.1.6: dNSName is [2], iPAddress is [7] with the address's 4 or 16 bytes. */
export function subjectAltName(name: { dns: string } | { address: Buffer }, critical: boolean): Asn1 {
  const generalName = "dns" in name ? contextual(2, name.dns) : contextual(7, latin1(name.address));
  return extension(SUBJECT_ALT_NAME, critical, sequence(generalName));
}

/** SHA-1 of a SubjectPublicKeyInfo's key bits: RFC 5280 4.2.1.2, method 1. A name for the key, not a safeguard. */
export function keyIdentifier(spki: Buffer): Buffer {
  const algorithm = readElement(spki, readElement(spki, 0).contentStart);
  const bits = readElement(spki, algorithm.end);
  return createHash("sha1")
    .update(spki.subarray(bits.contentStart + 1, bits.end))
    .digest();
}

/** 16 random bytes that are a positive number in DER without a byte before them (RFC 5280 4.1.2.2). */
export function randomSerial(): Buffer {
  const serial = randomBytes(16);
  serial.writeUInt8(serial.readUInt8(0) & 0x7f || 1, 0);
  return serial;
}

/** A SEQUENCE that is DER already, as a part of something bigger: encoded once, used often. */
export function preEncoded(der: Buffer): Asn1 {
  const content = der.subarray(readElement(der, 0).contentStart);
  return primitive(asn1.Type.SEQUENCE | CONSTRUCTED, latin1(content));
}

function encode(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), "latin1");
}

export function certificatePem(der: Buffer): string {
  const lines = der.toString("base64").replaceAll(/.{64}(?!$)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function attribute(type: string, value: string): Asn1 {
  const pair = sequence(oid(type), primitive(asn1.Type.UTF8, latin1(Buffer.from(value, "utf8"))));
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [pair]);
}

function extension(id: string, critical: boolean, value: Asn1): Asn1 {
  const content = primitive(asn1.Type.OCTETSTRING, latin1(encode(value)));
  const flag = critical ? [primitive(asn1.Type.BOOLEAN, "\xff")] : [];
  return preEncoded(encode(sequence(oid(id), ...flag, content)));
}

/** RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on. */
function time(epochMs: number): Asn1 {
  const date = new Date(epochMs);
  return date.getUTCFullYear() < 2050
    ? primitive(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

function bitString(bytes: Buffer): Asn1 {
  return primitive(asn1.Type.BITSTRING, `\0${latin1(bytes)}`);
}

function oid(dotted: string): Asn1 {
  return primitive(asn1.Type.OID, asn1.oidToDer(dotted).getBytes());
}

function sequence(...parts: Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts);
}

function contextual(tag: number, value: string | Asn1[]): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, typeof value !== "string", value);
}

function primitive(type: number, content: string): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, content);
}

function latin1(bytes: Buffer): string {
  return bytes.toString("latin1");
}

/** The bit of an identifier octet that tells constructed from primitive (X.690 8.1.2.5). */
const CONSTRUCTED = 0x20;

const SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";

const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";

const SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
const KEY_USAGE = "2.5.29.15";
const SUBJECT_ALT_NAME = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

const VERSION_3 = contextual(0, [primitive(asn1.Type.INTEGER, "\x02")]);
