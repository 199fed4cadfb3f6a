/** Plain-HTTP proxying: finds each request's upstream by its absolute-form target, and rewrites its head for it. */

import type { Duplex } from "node:stream";
import type { Destination } from "../capture/facts.ts";
import { Kind } from "../capture/record.ts";
import { originate } from "../tls/upstream.ts";
import { parseAbsoluteForm, parseAuthority } from "../wire/target.ts";
import type { RelayContext } from "./context.ts";
import { dial } from "./dial.ts";
import type { Exchange } from "./exchange.ts";
import { forwardHead, requestTarget } from "./forward-head.ts";
import type { UpstreamFailure } from "./upstream-failure.ts";

export type Route =
  /** `head` is what goes upstream in place of the request's own. */
  { ok: true; stream: Duplex; head: Buffer } | { ok: false; failure: UpstreamFailure };

export class Forwarder {
  /** Where the latest request went. */
  destination: Destination | null = null;
  #relay: RelayContext;
  /** The connection to it; null while there is none. */
  stream: Duplex | null = null;
  #key = "";

  constructor(relay: RelayContext) {
    this.#relay = relay;
  }

  /** The destination that CONNECT asks for, or null if it names none. */
  authority(target: string): Destination | null {
    return parseAuthority(target);
  }

  /**
   * Finds the upstream for a request: the connection at hand if it goes to the same place, else a new one (which the
   * caller puts in the old one's place).
   */
  async route(exchange: Exchange, head: Buffer): Promise<Route> {
    const target = parseAbsoluteForm(requestTarget(head));
    if (target === null) return { ok: false, failure: { code: "target-invalid", detail: null } };
    const { hostname, port, scheme } = target;
    this.destination = { hostname, port };
    const key = `${scheme}://${hostname}:${port}`;
    const { head: forwarded, changes, upgrade } = forwardHead(head, target);
    exchange.requestChanged(changes);
    exchange.upgrade = upgrade;
    const { stream } = this;
    if (stream !== null && !stream.destroyed && !stream.readableEnded && this.#key === key) {
      return { ok: true, stream, head: forwarded };
    }
    this.stream = null;
    const opened = await this.#open(exchange, scheme === "https");
    if ("code" in opened) return { ok: false, failure: opened };
    this.stream = opened;
    this.#key = key;
    return { ok: true, stream: opened, head: forwarded };
  }

  async #open(exchange: Exchange, secure: boolean): Promise<Duplex | UpstreamFailure> {
    const { recorder, dialOptions, trust, insecure, handshakeTimeoutMs: timeoutMs } = this.#relay;
    if (this.destination === null) return { code: "target-invalid", detail: null };
    const dialled = await dial(this.destination, dialOptions);
    if (!dialled.ok) return dialled.failure;
    recorder.fact(Kind.dialled, exchange.connection, exchange.id, dialled.facts);
    if (!secure) return dialled.socket;
    const name = this.destination.hostname;
    const result = await originate(dialled.socket, { name, alpn: ["http/1.1"], trust, insecure, timeoutMs });
    if (result.session !== null) recorder.fact(Kind.upstreamTls, exchange.connection, exchange.id, result.session);
    return result.ok ? result.stream : result.failure;
  }
}
