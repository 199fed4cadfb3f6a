/** A web server for real clients: bodies of any size and coding, counted and hashed. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { TestCertificate } from "./pki.ts";

export interface Origin {
  port: number;
  /** "https://localhost:4433/path" */
  url(path: string, host?: string): string;
  /** What was asked for, in order: "GET /path". */
  requests: string[];
  /** `rawHeaders` of the requests, in the same order. */
  headers: string[][];
  /** TCP connections it was given. */
  connections(): number;
  close(): Promise<void>;
}

/**
 * Listens on loopback, 127.0.0.1 unless told otherwise; with a certificate it speaks TLS.
 *
 * Its pages: `/bytes/N` (N bytes of `content`), `/upload` (answers with the number and the hash of what it got),
 * `/trailers`, `/gzip`, `/br`, `/zstd`, `/status/N` (without a body), and for any other path the path itself.
 */
export async function startOrigin(certificate?: TestCertificate, address = "127.0.0.1"): Promise<Origin> {
  const requests: string[] = [];
  const headers: string[][] = [];
  let connections = 0;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`);
    headers.push(request.rawHeaders);
    void respond(request, response);
  };
  const server =
    certificate === undefined
      ? http.createServer(answer)
      : https.createServer({ cert: certificate.chainPem, key: certificate.keyPem }, answer);
  server.on("connection", () => connections++);
  server.listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const scheme = certificate === undefined ? "http" : "https";
  return {
    port,
    requests,
    headers,
    connections: () => connections,
    url: (path, host = "localhost") => `${scheme}://${host}:${port}${path}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** The first `size` bytes of a stream in which no two blocks are alike, so that a lost or doubled one shows. */
export function* content(size: number): Generator<Buffer> {
  for (let at = 0; at < size; at += BLOCK) {
    const block = Buffer.alloc(Math.min(BLOCK, size - at), `block ${at} `);
    yield block;
  }
}

export function hashOf(blocks: Iterable<Buffer>): string {
  const hash = createHash("sha256");
  for (const block of blocks) hash.update(block);
  return hash.digest("hex");
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, page = "", argument = ""] = (request.url ?? "").split("/");
  const answer = PAGES[page] ?? echoPath;
  await answer(request, response, Number(argument));
}

type Page = (request: IncomingMessage, response: ServerResponse, argument: number) => Promise<void> | void;

const PAGES: { [name: string]: Page | undefined } = {
  bytes(_request, response, size) {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": size });
    Readable.from(content(size)).pipe(response);
  },
  async upload(request, response) {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      hash.update(chunk);
    }
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ size, sha256: hash.digest("hex") }));
  },
  trailers(_request, response) {
    response.writeHead(200, { "Content-Type": "text/plain", Trailer: "X-Checksum" });
    response.write("one ");
    response.addTrailers({ "X-Checksum": "abc" });
    response.end("two");
  },
  gzip: coded("gzip", gzipSync),
  br: coded("br", brotliCompressSync),
  zstd: coded("zstd", zstdCompressSync),
  status(_request, response, status) {
    response.writeHead(status, status === 304 ? { ETag: '"x"', "Content-Length": 1000 } : {}).end();
  },
};

function coded(coding: string, compress: (data: Buffer) => Buffer): Page {
  return (_request, response) => {
    const body = compress(Buffer.from(`{"coded":"${coding}"}`));
    response.writeHead(200, { "Content-Type": "application/json", "Content-Encoding": coding });
    response.end(body);
  };
}

function echoPath(request: IncomingMessage, response: ServerResponse): void {
  const body = `this is ${request.url}`;
  const fields = ["Content-Type", "text/plain", "Set-Cookie", "a=1", "x-lower", "1", "Set-Cookie", "b=2"];
  response.writeHead(200, [...fields, "Content-Length", String(body.length)]).end(body);
}

const BLOCK = 64 * 1024;
