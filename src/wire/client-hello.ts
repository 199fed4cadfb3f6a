/** A TLS client's first message (RFC 8446 4.1.2), read before the handshake is begun. Every byte of it is the client's. */

import { GrowingBuffer } from "./growing-buffer.ts";

export interface ClientHello {
  /** The handshake message, from its 4-byte header on, as if it had come in one record. */
  bytes: Buffer;
  /** Latin-1, unfiltered: see {@link isServerName}. Null if the client names no host. */
  sni: string | null;
  /** Protocol names as offered, Latin-1; empty if there is no ALPN extension. */
  alpn: string[];
  /** Offered versions (0x0304: TLS 1.3) without GREASE, in order; a client that lists none means `legacyVersion`. */
  versions: number[];
  legacyVersion: number;
  /** As sent, GREASE included. */
  cipherSuites: number[];
  sessionIdLength: number;
  /** Types as sent, in order, GREASE included. */
  extensions: number[];
  /** Encrypted ClientHello is offered, or pretended to be (browsers do both). */
  ech: boolean;
}

/**
 * Puts the ClientHello together from the pieces of a connection's beginning. It may be spread over several records, and
 * those over any number of pieces.
 */
export class ClientHelloReader {
  /** Once `push` has returned "done". */
  hello: ClientHello | null = null;
  private readonly header = Buffer.alloc(RECORD_HEADER);
  private headerBytes = 0;
  /** Bytes of the current record that are still to come. */
  private inRecord = 0;
  private readonly message = new GrowingBuffer();
  private total = 0;

  /** "not-tls": this is no ClientHello, or one of more than 64 KiB. Not to be called again after that or "done". */
  push(chunk: Buffer): "more" | "not-tls" | "done" {
    this.total += chunk.length;
    for (let at = 0; at < chunk.length;) {
      if (this.inRecord === 0) {
        this.header[this.headerBytes++] = chunk[at++] as number;
        if (this.headerBytes === RECORD_HEADER && !this.beginRecord()) return "not-tls";
      } else {
        const piece = chunk.subarray(at, at + this.inRecord);
        at += piece.length;
        this.inRecord -= piece.length;
        const message = this.message.append(piece);
        if (message[0] !== CLIENT_HELLO) return "not-tls";
        if (isWhole(message)) return this.finish(message);
      }
    }
    return this.total > MOST_BYTES ? "not-tls" : "more";
  }

  private beginRecord(): boolean {
    this.headerBytes = 0;
    this.inRecord = this.header.readUInt16BE(3);
    // RFC 8446 5.1: at most 2^14 bytes, and no empty fragments of handshake messages.
    return this.header[0] === HANDSHAKE && this.header[1] === 3 && this.inRecord > 0 && this.inRecord <= 0x4000;
  }

  private finish(message: Buffer): "not-tls" | "done" {
    if (message.length > MOST_BYTES) return "not-tls";
    this.hello = parseClientHello(message);
    return this.hello === null ? "not-tls" : "done";
  }
}

/** `message` begins with the handshake header; what follows the ClientHello is left aside. Null if it is malformed. */
export function parseClientHello(message: Uint8Array): ClientHello | null {
  const all = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (all[0] !== CLIENT_HELLO || !isWhole(all)) return null;
  const bytes = all.subarray(0, messageLength(all));
  const body = new Fields(bytes, HANDSHAKE_HEADER);
  const legacyVersion = body.number(2);
  body.take(RANDOM);
  const sessionIdLength = body.take(body.number(1)).length;
  const cipherSuites = numbers(body.take(body.number(2)));
  body.take(body.number(1)); // compression methods
  const list = body.isEmpty() ? Buffer.alloc(0) : body.take(body.number(2));
  const extensions = body.isRead() && cipherSuites !== null ? readExtensions(list) : null;
  if (cipherSuites === null || extensions === null) return null;
  const { sni, alpn, versions, types } = extensions;
  return {
    bytes,
    sni,
    alpn,
    versions: versions ?? [legacyVersion],
    legacyVersion,
    cipherSuites,
    sessionIdLength,
    extensions: types,
    ech: types.includes(ENCRYPTED_CLIENT_HELLO),
  };
}

/**
 * Whether a name may be minted a certificate for: letters, digits, hyphens and underscores in labels of at most 63, 253
 * in all, and nothing that reads as an address.
 */
export function isServerName(name: string): boolean {
  const labels = name.split(".");
  // A name that ends in a number is an IPv4 address for some resolvers ("127.1", "0x7f.1").
  if (name.length > 253 || /^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? "")) return false;
  return labels.every((label) => /^[a-z0-9_-]{1,63}$/i.test(label));
}

interface Extensions {
  sni: string | null;
  alpn: string[];
  versions: number[] | null;
  types: number[];
}

function readExtensions(list: Buffer): Extensions | null {
  const found: Extensions = { sni: null, alpn: [], versions: null, types: [] };
  const seen = new Set<number>();
  const fields = new Fields(list, 0);
  while (!fields.isEmpty()) {
    const type = fields.number(2);
    const data = fields.take(fields.number(2));
    // RFC 8446 4.2: no type twice. Two parsers could go by different ones.
    if (fields.isCut || seen.has(type) || !readExtension(type, data, found)) return null;
    seen.add(type);
    found.types.push(type);
  }
  return found;
}

/** False if the extension is malformed. */
function readExtension(type: number, data: Buffer, found: Extensions): boolean {
  switch (type) {
    case SERVER_NAME:
      found.sni = readServerName(data);
      return found.sni !== null;
    case ALPN: {
      const names = readProtocols(data);
      found.alpn = names ?? [];
      return names !== null;
    }
    case SUPPORTED_VERSIONS: {
      const fields = new Fields(data, 0);
      const versions = numbers(fields.take(fields.number(1)));
      found.versions = versions?.filter((version) => !isGrease(version)) ?? null;
      return versions !== null && fields.isRead();
    }
    default:
      return true;
  }
}

/** RFC 6066 3: a list, in which only one name of type host_name (0) may be. */
function readServerName(data: Buffer): string | null {
  const fields = new Fields(data, 0);
  const entry = new Fields(fields.take(fields.number(2)), 0);
  const type = entry.number(1);
  const name = entry.take(entry.number(2));
  return type === 0 && name.length > 0 && entry.isRead() && fields.isRead() ? name.toString("latin1") : null;
}

/** RFC 7301 3.1 */
function readProtocols(data: Buffer): string[] | null {
  const fields = new Fields(data, 0);
  const list = new Fields(fields.take(fields.number(2)), 0);
  const names: string[] = [];
  while (!list.isEmpty()) names.push(list.take(list.number(1)).toString("latin1"));
  return fields.isRead() && !list.isCut && names.length > 0 && !names.includes("") ? names : null;
}

/** Null if there is half a number. */
function numbers(bytes: Buffer): number[] | null {
  if (bytes.length % 2 === 1) return null;
  return Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(i * 2));
}

/** RFC 8701: 0x0a0a, 0x1a1a, ... 0xfafa */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

function isWhole(message: Buffer): boolean {
  return message.length >= HANDSHAKE_HEADER && message.length >= messageLength(message);
}

function messageLength(message: Buffer): number {
  return HANDSHAKE_HEADER + message.readUIntBE(1, 3);
}

/** Reads one field after the other. Once one is cut short, it and all that follow are 0 or empty. */
class Fields {
  isCut = false;
  private readonly bytes: Buffer;
  private at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  number(width: 1 | 2): number {
    const field = this.take(width);
    return field.length === 0 ? 0 : field.readUIntBE(0, width);
  }

  take(length: number): Buffer {
    if (this.isCut || length > this.bytes.length - this.at) {
      this.isCut = true;
      this.at = this.bytes.length;
      return this.bytes.subarray(0, 0);
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  isEmpty(): boolean {
    return this.at === this.bytes.length;
  }

  /** All bytes were read, and no field was cut. */
  isRead(): boolean {
    return this.isEmpty() && !this.isCut;
  }
}

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const RANDOM = 32;
/** Those seen in practice have 400 to 2,000 bytes. */
const MOST_BYTES = 64 * 1024;
const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;
