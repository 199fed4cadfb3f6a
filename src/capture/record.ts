/**
 * The capture record: what the relay tells the hub, as bytes.
 *
 * A batch is one ArrayBuffer that holds records back to back. Each record is a 24-byte header and a payload, padded so
 * that the next record starts at a multiple of 8:
 *
 *   0  u32  payload length          8  u32  connection          16  f64  time, epoch milliseconds
 *   4  u8   kind                   12  u32  exchange, or 0
 *
 * All numbers are in the machine's byte order: both ends are threads of one process.
 */

export const HEADER_BYTES = 24;

/** What a record's payload is. "bytes" came off the wire as they are; "JSON" is one of the types in `facts.ts`. */
export const Kind = {
  /** JSON {@link ConnectionOpened}. First record of a connection. */
  connectionOpened: 1,
  /** Empty. Last record of a connection. */
  connectionClosed: 2,
  /** JSON {@link Destination}: what CONNECT asked for. */
  destination: 3,
  /** Bytes: the client's ClientHello message, reassembled, from its handshake header on. */
  clientHello: 4,
  /** JSON {@link ClientTls}: the client leg's handshake finished. */
  clientTls: 5,
  /** JSON {@link Dialled}: a TCP connection to the upstream is there. */
  dialled: 6,
  /** JSON {@link UpstreamTls}: the upstream leg's handshake finished, verified or not. */
  upstreamTls: 7,

  /** Bytes: request line, fields and the empty line. First record of an HTTP exchange. */
  requestHead: 16,
  /** Bytes of the request's body as on the wire: chunk framing and trailer section included. */
  requestBody: 17,
  /** Bytes: the trailer section's field lines once more, as bodies may be dropped and heads may not. Only if there are any. */
  requestTrailers: 18,
  /** f64: that many wire bytes of the request's body passed and were not kept. */
  requestUnkept: 19,
  /** Bytes: a 1xx head. */
  responseInterim: 20,
  /** Bytes: status line, fields and the empty line. */
  responseHead: 21,
  responseBody: 22,
  responseTrailers: 23,
  responseUnkept: 24,
  /** JSON {@link HeadChange}[]: what the relay changed in the request's head, as RFC 9112 demands of a proxy. */
  requestChanged: 25,
  /** JSON {@link TunnelOpened}. First record of a tunnel; its bytes follow as requestBody and responseBody. */
  tunnelOpened: 26,
  /** JSON {@link AttemptOpened}. First record of an attempt that never became an exchange: garbage, half a request, a refused handshake. */
  attemptOpened: 27,
  /** f64 x 5, see {@link Totals}. The exchange, tunnel or attempt ended well. Its last record. */
  exchangeDone: 28,
  /** JSON {@link ExchangeFailed}. Its last record. */
  exchangeFailed: 29,
  /** Empty: the response that follows is plainwire's own page. */
  responseOurs: 30,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** One record as read from a batch. `payload` is a view into the batch: copy what must outlive it. */
export interface Record {
  kind: Kind;
  connection: number;
  /** Number of the exchange, tunnel or attempt; 0 for a record of the connection itself. */
  exchange: number;
  /** Epoch milliseconds, with a fraction. */
  time: number;
  payload: Uint8Array;
}

/** What ends an exchange well: bytes and times that only the relay knows. */
export interface Totals {
  /** Body bytes without framing. */
  requestContent: number;
  responseContent: number;
  /** Body bytes as on the wire, framing included. */
  requestWire: number;
  responseWire: number;
  /** Epoch ms at which the request's last byte was passed on. */
  requestEnded: number;
}

/** Bytes that a record with this payload takes in a batch. */
export function recordBytes(payloadBytes: number): number {
  return HEADER_BYTES + ((payloadBytes + 7) & ~7);
}

/** Writes one record at `at` and returns where the next one goes. The caller has checked that it fits. */
export function writeRecord(
  batch: Batch,
  at: number,
  kind: Kind,
  connection: number,
  exchange: number,
  time: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const { words, doubles, bytes } = batch;
  const length = end - start;
  const word = at >> 2;
  words[word] = length;
  words[word + 1] = kind;
  words[word + 2] = connection;
  words[word + 3] = exchange;
  doubles[(at >> 3) + 2] = time;
  // A copy of the whole source needs no view of a part of it.
  if (length > 0)
    bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), at + HEADER_BYTES);
  return at + recordBytes(length);
}

/** A batch and the views that writing and reading it need. */
export interface Batch {
  readonly buffer: ArrayBuffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly bytes: Uint8Array;
}

/** `size` must be a multiple of 8. */
export function createBatch(size: number): Batch {
  return viewBatch(new ArrayBuffer(size));
}

export function viewBatch(buffer: ArrayBuffer): Batch {
  return {
    buffer,
    words: new Uint32Array(buffer),
    doubles: new Float64Array(buffer),
    bytes: new Uint8Array(buffer),
  };
}

/** Calls `visit` for each record in the first `length` bytes of a batch. The record object is reused between calls. */
export function readRecords(batch: Batch, length: number, visit: (record: Record) => void): void {
  const { words, doubles, bytes } = batch;
  const record: Record = { kind: Kind.connectionOpened, connection: 0, exchange: 0, time: 0, payload: bytes };
  for (let at = 0; at < length;) {
    const word = at >> 2;
    const payloadBytes = words[word] as number;
    record.kind = words[word + 1] as Kind;
    record.connection = words[word + 2] as number;
    record.exchange = words[word + 3] as number;
    record.time = doubles[(at >> 3) + 2] as number;
    record.payload = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + payloadBytes);
    visit(record);
    at += recordBytes(payloadBytes);
  }
}

const TOTALS = 5;

export function encodeTotals(totals: Totals, into: Float64Array): Uint8Array {
  into[0] = totals.requestContent;
  into[1] = totals.responseContent;
  into[2] = totals.requestWire;
  into[3] = totals.responseWire;
  into[4] = totals.requestEnded;
  return new Uint8Array(into.buffer, into.byteOffset, TOTALS * 8);
}

export function decodeTotals(payload: Uint8Array): Totals {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const number = (index: number): number => view.getFloat64(index * 8, LITTLE_ENDIAN);
  return {
    requestContent: number(0),
    responseContent: number(1),
    requestWire: number(2),
    responseWire: number(3),
    requestEnded: number(4),
  };
}

/** The payload of requestUnkept and responseUnkept. */
export function decodeCount(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getFloat64(0, LITTLE_ENDIAN);
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
