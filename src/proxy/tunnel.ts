/** Relays bytes both ways unread: passthrough, unknown protocols, and what follows an upgrade. */

import type net from "node:net";
import { type Duplex, finished } from "node:stream";
import type { Exchange } from "./exchange.ts";

/**
 * Runs until both directions are over and what was relayed has gone out; ends `flow`. Back-pressure and half-close are
 * relayed; an abort on one side aborts the other. Bytes still in the streams' own buffers are relayed first; `early`,
 * bytes that were read from the client before, go in front of them.
 */
export function relayTunnel(
  client: Duplex,
  upstream: Duplex,
  flow: Exchange,
  early: Buffer | null = null,
): Promise<void> {
  return new Promise((resolve) => {
    const fail = (code: "client-reset" | "client-closed" | "upstream-reset", detail: string): void => {
      flow.fail(code, detail);
      tear(client);
      tear(upstream);
    };
    client.on("error", (error) => fail("client-reset", error.message));
    upstream.on("error", (error) => fail("upstream-reset", error.message));
    const clientAborted = (): void => fail("client-closed", CUT);
    const upstreamAborted = (): void => fail("upstream-reset", CUT);
    const seeRequest = (chunk: Buffer): void => flow.requestBody(chunk, 0, chunk.length);
    const seeResponse = (chunk: Buffer): void => flow.responseBody(chunk, 0, chunk.length);
    const sent = pipe(client, upstream, early, seeRequest, clientAborted, upstreamAborted);
    const received = pipe(upstream, client, null, seeResponse, upstreamAborted, clientAborted);
    void Promise.all([sent, received]).then(([requestContent, responseContent]) => {
      flow.requestComplete(requestContent, null);
      flow.responseComplete(responseContent, null);
      flow.done();
      client.destroy();
      upstream.destroy();
      resolve();
    });
  });
}

/** Resolves with the bytes relayed when `to` has sent the last of them, or when one of the two is gone. */
function pipe(
  from: Duplex,
  to: Duplex,
  early: Buffer | null,
  see: (chunk: Buffer) => void,
  fromAborted: () => void,
  toAborted: () => void,
): Promise<number> {
  return new Promise((resolve) => {
    let count = 0;
    const onData = (chunk: Buffer): void => {
      count += chunk.length;
      see(chunk);
      if (!to.write(chunk)) from.pause();
    };
    if (early !== null && early.length > 0) onData(early);
    from.on("data", onData);
    to.on("drain", () => from.resume());
    finished(from, { writable: false }, (error) => (error ? fromAborted() : to.end()));
    finished(to, { readable: false }, (error) => {
      if (error) toAborted();
      resolve(count);
    });
    from.resume();
  });
}

/** Nobody knows this protocol's ends, so a cut must not look like one: a reset where TCP is at hand. */
function tear(stream: Duplex): void {
  if (isTcp(stream)) stream.resetAndDestroy();
  else stream.destroy();
}

/** A TLS socket has the method, too, and throws. */
function isTcp(stream: Duplex): stream is net.Socket {
  return "resetAndDestroy" in stream && !("encrypted" in stream);
}

const CUT = "the connection was closed without an end";
