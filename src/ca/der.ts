/** Reading DER (X.690): just enough to take two fields out of a CA certificate, byte for byte. */

/** One element's place: its content is `bytes.subarray(contentStart, end)`. */
export interface Element {
  tag: number;
  start: number;
  contentStart: number;
  end: number;
}

/** What a leaf repeats of its issuer. */
export interface IssuerFacts {
  /** The subject as encoded: a leaf's issuer must equal it byte for byte (RFC 5280 4.1.2.4, 7.1). */
  subject: Buffer;
  /** Null if the certificate has no such extension. */
  subjectKeyIdentifier: Buffer | null;
}

/** Reads a certificate that OpenSSL has parsed before. Throws RangeError if the bytes are no DER certificate. */
export function readIssuerFacts(certificate: Buffer): IssuerFacts {
  const tbsCertificate = readElement(certificate, readElement(certificate, 0).contentStart);
  const fields = children(certificate, tbsCertificate);
  // TBSCertificate (RFC 5280 4.1): [0] version OPTIONAL, serial, signature, issuer, validity, subject, ...
  const subject = fields[fields[0]?.tag === VERSION ? 5 : 4];
  if (subject === undefined) throw new RangeError("a certificate without a subject");
  return {
    subject: certificate.subarray(subject.start, subject.end),
    subjectKeyIdentifier: findKeyIdentifier(
      certificate,
      fields.find(({ tag }) => tag === EXTENSIONS),
    ),
  };
}

/** Reads the header of the element at `at`. Throws RangeError if it is not whole or of indefinite length. */
export function readElement(bytes: Buffer, at: number): Element {
  const tag = bytes.readUInt8(at);
  const first = bytes.readUInt8(at + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  const contentStart = at + 2 + lengthBytes;
  const end = contentStart + length;
  if (first === 0x80 || end > bytes.length) throw new RangeError(`no whole DER element at byte ${at}`);
  return { tag, start: at, contentStart, end };
}

function children(bytes: Buffer, parent: Element): Element[] {
  const found: Element[] = [];
  for (let at = parent.contentStart; at < parent.end;) {
    const child = readElement(bytes, at);
    found.push(child);
    at = child.end;
  }
  return found;
}

/** Extension (RFC 5280 4.1): id, critical DEFAULT FALSE, and an OCTET STRING, here around another one. */
function findKeyIdentifier(bytes: Buffer, extensions: Element | undefined): Buffer | null {
  if (extensions === undefined) return null;
  for (const extension of children(bytes, readElement(bytes, extensions.contentStart))) {
    const [id, ...rest] = children(bytes, extension);
    const value = rest.at(-1);
    if (id === undefined || value === undefined) continue;
    if (!bytes.subarray(id.contentStart, id.end).equals(SUBJECT_KEY_IDENTIFIER)) continue;
    const identifier = readElement(bytes, value.contentStart);
    return bytes.subarray(identifier.contentStart, identifier.end);
  }
  return null;
}

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** 2.5.29.14 */
const SUBJECT_KEY_IDENTIFIER = Buffer.from([0x55, 0x1d, 0x0e]);
