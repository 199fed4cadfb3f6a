/** Writes records as the relay does, for tests of the hub. Times are ms after T0. */

import type { ClientTls, Destination, Dialled, ExchangeFailed, UpstreamTls } from "../../src/capture/facts.ts";
import { createBatch, encodeTotals, Kind, recordBytes, type Totals, writeRecord } from "../../src/capture/record.ts";
import type { FlowLog } from "../../src/flow/log.ts";

export const T0 = 1_763_690_000_000;

export interface TapeRecord {
  kind: Kind;
  connection: number;
  exchange: number;
  time: number;
  payload: Uint8Array;
}

export const record = (
  kind: Kind,
  connection: number,
  exchange: number,
  after: number,
  payload: Payload = "",
): TapeRecord => ({
  kind,
  connection,
  exchange,
  time: T0 + after,
  payload: bytesOf(payload),
});

/** Text is Latin-1, objects are JSON. */
export type Payload = string | Uint8Array | object;

function bytesOf(payload: Payload): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  return typeof payload === "string" ? Buffer.from(payload, "latin1") : Buffer.from(JSON.stringify(payload));
}

function totals(facts: Partial<Totals> = {}): Uint8Array {
  const none = { requestContent: 0, responseContent: 0, requestWire: 0, responseWire: 0, requestEnded: 0 };
  return encodeTotals({ ...none, ...facts }, new Float64Array(5));
}

export function count(bytes: number): Uint8Array {
  return new Uint8Array(new Float64Array([bytes]).buffer);
}

/** One batch with these records. */
export function play(log: Pick<FlowLog, "accept">, ...records: TapeRecord[]): void {
  const size = records.reduce((sum, { payload }) => sum + recordBytes(payload.length), 0);
  const batch = createBatch(size);
  let at = 0;
  for (const { kind, connection, exchange, time, payload } of records) {
    at = writeRecord(batch, at, kind, connection, exchange, time, payload, 0, payload.length);
  }
  log.accept(batch.buffer, at);
}

/** A connection through CONNECT to `destination`, with TLS on both legs unless `tls` is false. */
export function connect(connection: number, destination: Destination, { tls = true } = {}): TapeRecord[] {
  const secure = [
    record(Kind.clientTls, connection, 0, 0, CLIENT_TLS),
    record(Kind.upstreamTls, connection, 0, 0, { ...UPSTREAM_TLS, servername: destination.hostname }),
  ];
  return [
    record(Kind.connectionOpened, connection, 0, 0, { client: { address: "127.0.0.1", port: 52_166 } }),
    record(Kind.destination, connection, 0, 0, destination),
    record(Kind.dialled, connection, 0, 0, dialled(destination)),
    ...(tls ? secure : []),
  ];
}

export function dialled(destination: Destination): Dialled {
  return { destination, remote: { address: "127.0.0.9", port: destination.port }, dnsMs: 1.5, connectMs: 2.25 };
}

/** A ClientHello message with this SNI, from its handshake header on. */
export function clientHello(name: string): Uint8Array {
  const host = Buffer.from(name, "latin1");
  const sni = Buffer.concat([u16(0), u16(host.length + 5), u16(host.length + 3), Buffer.of(0), u16(host.length), host]);
  const hello = [
    u16(0x0303),
    Buffer.alloc(32),
    Buffer.of(0),
    u16(2),
    u16(0x1301),
    Buffer.of(1, 0),
    u16(sni.length),
    sni,
  ];
  const body = Buffer.concat(hello);
  return Buffer.concat([Buffer.of(1, 0), u16(body.length), body]);
}

function u16(value: number): Uint8Array {
  return Buffer.of(value >> 8, value & 255);
}

export function get(connection: number, exchange: number, target = "/", after = 0): TapeRecord {
  return record(Kind.requestHead, connection, exchange, after, `GET ${target} HTTP/1.1\r\nHost: example.com\r\n\r\n`);
}

export function ok(connection: number, exchange: number, fields = "", after = 0): TapeRecord {
  return record(Kind.responseHead, connection, exchange, after, `HTTP/1.1 200 OK\r\n${fields}\r\n`);
}

export function done(connection: number, exchange: number, facts: Partial<Totals> = {}, after = 0): TapeRecord {
  return record(Kind.exchangeDone, connection, exchange, after, totals(facts));
}

export function failed(connection: number, exchange: number, facts: Partial<ExchangeFailed>, after = 0): TapeRecord {
  const none = { requestContent: 0, responseContent: 0, requestWire: 0, responseWire: 0, requestEnded: 0 };
  const whole = { code: "upstream-reset", leg: "upstream", detail: null, ...none, answered: false, ...facts };
  return record(Kind.exchangeFailed, connection, exchange, after, whole);
}

export const EXAMPLE: Destination = { hostname: "example.com", port: 443 };

const CLIENT_TLS: ClientTls = {
  version: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  alpn: "http/1.1",
  leafName: "example.com",
  handshakeMs: 9,
  resumed: true,
};

const UPSTREAM_TLS: UpstreamTls = {
  version: "TLSv1.2",
  cipher: "ECDHE-RSA-AES128-GCM-SHA256",
  alpn: "http/1.1",
  servername: "example.com",
  verdict: "verified",
  detail: null,
  insecure: false,
  chain: [],
  handshakeMs: 4.5,
};
