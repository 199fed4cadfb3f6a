/**
 * Certificates for tests: CAs, intermediates, leaves and the broken kinds, as PEM.
 *
 * The DER is written here by hand, so that tests of `src/ca` are judged by an encoder of their own.
 */

import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

export interface TestCertificate {
  certPem: string;
  /** PKCS#8 */
  keyPem: string;
  /** The certificate, then its issuers up to but without the root: what a well-kept server sends. */
  chainPem: string;
}

export interface TestCa extends TestCertificate {
  issue(options?: IssueOptions): TestCertificate;
  /** A CA below this one. Its leaves' `chainPem` holds it. */
  intermediate(cn?: string, options?: IssueOptions): TestCa;
}

export interface IssueOptions {
  /** Subject alternative names: DNS names and IP addresses. Default: localhost, 127.0.0.1 and ::1. */
  names?: string[];
  /** Default: the first name. */
  cn?: string;
  organization?: string;
  /** Default: a day ago. */
  notBefore?: Date;
  /** Default: in 30 days. */
  notAfter?: Date;
  /** Make it a CA certificate. */
  ca?: boolean;
  /** Extended key usages as OIDs. Default: serverAuth and clientAuth. */
  extendedKeyUsages?: string[];
  key?: "p256" | "p384" | "rsa1024" | "rsa2048";
  /** False leaves it out. Default: SHA-1 of the key's bits. */
  subjectKeyIdentifier?: Buffer | false;
  /** The digest that the issuer signs with. */
  digest?: "sha256" | "sha1" | "md5";
}

/** A root. */
export function createTestCa(cn = "Test Root", options: IssueOptions = {}): TestCa {
  const key = createKey(options.key);
  const spec = { ...options, cn, ca: true };
  const self = issuerOf(spec, key);
  return authority(build(spec, key, self), self, "");
}

/** A leaf that nobody but itself vouches for. */
export function createSelfSigned(options: IssueOptions = {}): TestCertificate {
  const key = createKey(options.key);
  const certPem = build(options, key, issuerOf(options, key));
  return { certPem, keyPem: pkcs8(key), chainPem: certPem };
}

/** `chain` holds the PEM certificates between this CA's issued ones and the root. */
function authority(certPem: string, issuer: Issuer, chain: string): TestCa {
  return {
    certPem,
    keyPem: pkcs8(issuer.key),
    chainPem: chain === "" ? certPem : chain,
    issue(options = {}) {
      const leafKey = createKey(options.key);
      const leafPem = build(options, leafKey, issuer);
      return { certPem: leafPem, keyPem: pkcs8(leafKey), chainPem: leafPem + chain };
    },
    intermediate(cn = "Test Intermediate", options = {}) {
      const childKey = createKey(options.key);
      const spec = { ...options, cn, ca: true };
      const childPem = build(spec, childKey, issuer);
      return authority(childPem, issuerOf(spec, childKey), childPem + chain);
    },
  };
}

interface Issuer {
  name: Buffer;
  key: KeyObject;
  keyIdentifier: Buffer;
}

function issuerOf(options: IssueOptions, key: KeyObject): Issuer {
  return { name: nameOf(options), key, keyIdentifier: options.subjectKeyIdentifier || keyId(key) };
}

function build(options: IssueOptions, key: KeyObject, issuer: Issuer): string {
  const { notBefore = new Date(Date.now() - DAY), notAfter = new Date(Date.now() + 30 * DAY) } = options;
  const algorithm = signatureAlgorithm(issuer.key, options.digest ?? "sha256");
  const tbs = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    algorithm,
    issuer.name,
    sequence(time(notBefore), time(notAfter)),
    nameOf(options),
    spki(key),
    tlv(0xa3, sequence(...extensions(options, key, issuer))),
  );
  const signature = sign(options.digest ?? "sha256", tbs, issuer.key);
  const der = sequence(tbs, algorithm, tlv(0x03, Buffer.from([0]), signature));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function extensions(options: IssueOptions, key: KeyObject, issuer: Issuer): Buffer[] {
  const ca = options.ca === true;
  const shared = [
    ...(options.subjectKeyIdentifier === false
      ? []
      : [extension("2.5.29.14", false, tlv(0x04, options.subjectKeyIdentifier ?? keyId(key)))]),
    extension("2.5.29.35", false, sequence(tlv(0x80, issuer.keyIdentifier))),
    extension("2.5.29.19", true, ca ? sequence(tlv(0x01, Buffer.from([0xff]))) : sequence()),
    extension("2.5.29.15", true, tlv(0x03, Buffer.from(ca ? [1, 0b0000_0110] : [7, 0b1000_0000]))),
  ];
  if (ca) return shared;
  const usages = options.extendedKeyUsages ?? ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];
  return [
    ...shared,
    extension("2.5.29.37", false, sequence(...usages.map(oid))),
    extension("2.5.29.17", false, sequence(...namesOf(options).map(generalName))),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), critical ? tlv(0x01, Buffer.from([0xff])) : Buffer.alloc(0), tlv(0x04, value));
}

function namesOf(options: IssueOptions): string[] {
  return options.names ?? ["localhost", "127.0.0.1", "::1"];
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? tlv(0x82, Buffer.from(name, "latin1")) : tlv(0x87, addressBytes(name));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const words = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
  const [before, after] = [words(head), words(tail ?? "")];
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

/** A distinguished name: O, if there is one, and CN. */
function nameOf(options: IssueOptions): Buffer {
  const attribute = (id: string, value: string): Buffer =>
    tlv(0x31, sequence(oid(id), tlv(0x0c, Buffer.from(value, "utf8"))));
  const cn = options.cn ?? namesOf(options)[0] ?? "";
  return sequence(
    ...(options.organization === undefined ? [] : [attribute("2.5.4.10", options.organization)]),
    ...(cn === "" ? [] : [attribute("2.5.4.3", cn)]),
  );
}

function createKey(kind: IssueOptions["key"] = "p256"): KeyObject {
  if (kind === "rsa1024" || kind === "rsa2048") {
    return generateKeyPairSync("rsa", { modulusLength: Number(kind.slice(3)) }).privateKey;
  }
  return generateKeyPairSync("ec", { namedCurve: kind === "p384" ? "P-384" : "P-256" }).privateKey;
}

function signatureAlgorithm(key: KeyObject, digest: NonNullable<IssueOptions["digest"]>): Buffer {
  const rsa = { sha256: "1.2.840.113549.1.1.11", sha1: "1.2.840.113549.1.1.5", md5: "1.2.840.113549.1.1.4" };
  if (key.asymmetricKeyType === "rsa") return sequence(oid(rsa[digest]), tlv(0x05));
  return sequence(oid(digest === "sha1" ? "1.2.840.10045.4.1" : "1.2.840.10045.4.3.2"));
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function spki(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

function keyId(key: KeyObject): Buffer {
  // RFC 5280 4.2.1.2, method 1: of the key's bits, which end the SubjectPublicKeyInfo.
  const pointBytes = key.asymmetricKeyDetails?.namedCurve === "secp384r1" ? 97 : 65;
  const rsa = key.asymmetricKeyType === "rsa";
  const bits = rsa ? createPublicKey(key).export({ type: "pkcs1", format: "der" }) : spki(key).subarray(-pointBytes);
  return createHash("sha1").update(bits).digest();
}

function time(date: Date): Buffer {
  // RFC 5280 4.1.2.5: UTCTime up to 2049, GeneralizedTime after.
  const digits = `${date.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const base128 = (arc: number): number[] => {
    const bytes = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  };
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function integer(bytes: Buffer): Buffer {
  return tlv(0x02, bytes);
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}

const DAY = 86_400_000;
