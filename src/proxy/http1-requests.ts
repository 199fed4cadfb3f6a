/** The client's half of `Http1Relay`: reads requests and passes their bytes on. */

import { type HeadFacts, MessageReader } from "../wire/http1.ts";
import type { Exchange } from "./exchange.ts";
import type { Http1Relay } from "./http1.ts";

export class RequestSide {
  #relay: Http1Relay;
  #reader: MessageReader;
  /** The exchange whose request is being read. */
  #current: Exchange | null = null;
  /** Bytes that must wait: for a response, for an upgrade's answer, for a dial. */
  #held: Buffer | null = null;
  #routing = false;
  /** A faulty request ends the reading for good. */
  #deaf = false;
  #headTimer: NodeJS.Timeout | null = null;

  constructor(relay: Http1Relay) {
    this.#relay = relay;
    this.#reader = new MessageReader("request", { headBytes: relay.options.headBytes });
  }

  get isHolding(): boolean {
    return this.#held !== null || this.#routing;
  }

  read(chunk: Buffer): void {
    if (this.#deaf) return;
    if (this.isHolding) return this.#hold(chunk);
    let bytes = chunk;
    let at = 0;
    while (at < bytes.length && !this.#deaf) {
      if (this.#reader.state !== "head") {
        at = this.#readBody(bytes, at, at);
        continue;
      }
      if (this.#mustWait()) return this.#hold(bytes.subarray(at));
      const message = this.#reader.readHead(at === 0 ? bytes : bytes.subarray(at));
      if (message === null) return this.#noHead();
      this.#clearHeadTimer();
      bytes = message;
      at = this.#begin(bytes);
    }
  }

  /** Goes on with the bytes that had to wait. */
  release(): void {
    const held = this.#held;
    if (held === null || this.#routing) return;
    this.#held = null;
    this.read(held);
    if (!this.isHolding) this.#relay.caughtUp();
  }

  takeHeld(): Buffer | null {
    const held = this.#held;
    this.#held = null;
    return held;
  }

  /** The client sent its last byte. */
  end(): void {
    this.#clearHeadTimer();
    if (this.#deaf || this.#reader.end() === "complete") return;
    if (this.#current === null) this.#refusePending("request-incomplete", null);
    else this.#abandon(this.#current, "request-incomplete", "the connection ended before the body did");
  }

  stop(): void {
    this.#deaf = true;
    this.#clearHeadTimer();
  }

  /** Handles the head at the start of `bytes` and what came with it; returns the index of what is still to be read. */
  #begin(bytes: Buffer): number {
    const { head } = this.#reader;
    const relay = this.#relay;
    if (relay.forwarder !== null && head.method === "CONNECT") return this.#connect(bytes, head);
    const exchange = this.#open(bytes, head);
    if (relay.failure !== null) {
      const end = this.#readOnly(bytes, head.byteLength);
      this.#refuse(exchange, relay.failure.code, relay.failure.detail, bytes.subarray(0, head.byteLength));
      return end;
    }
    if (relay.forwarder !== null) {
      const routed = relay.forwarder.route(exchange, bytes.subarray(0, head.byteLength));
      // What the connection of the request before still brings must not answer this one.
      if (relay.upstream !== relay.forwarder.stream) relay.dropUpstream();
      void this.#route(exchange, bytes, routed);
      return bytes.length;
    }
    return this.#readBody(bytes, 0, head.byteLength);
  }

  #open(bytes: Buffer, head: HeadFacts): Exchange {
    const exchange = this.#relay.newExchange();
    const { method } = head;
    if (method === "HEAD" || method === "CONNECT") exchange.method = method;
    exchange.upgrade = head.upgrade || method === "CONNECT";
    exchange.requestHead(bytes, head.byteLength);
    this.#current = exchange;
    this.#relay.pipeline.push(exchange);
    return exchange;
  }

  /** Passes `bytes` on from `start`; the body in them begins at `at`. */
  #readBody(bytes: Buffer, start: number, at: number): number {
    const end = this.#readOnly(bytes, at);
    const exchange = this.#current;
    if (end > start) this.#relay.toUpstream(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    if (this.#reader.state === "fault") this.#faultyBody();
    else if (this.#reader.state === "done") this.#complete(exchange);
    return end;
  }

  /** Reads and records body bytes from `at`; returns the index after them. */
  #readOnly(bytes: Buffer, at: number): number {
    if (this.#reader.state !== "body" || at === bytes.length) return at;
    const end = this.#reader.readBody(bytes, at);
    if (end > at) this.#current?.requestBody(bytes, at, end);
    return end;
  }

  #complete(exchange: Exchange | null): void {
    const { content, trailers } = this.#reader;
    this.#reader.reset();
    this.#current = null;
    if (exchange === null) return;
    exchange.requestComplete(content, trailers);
    // An early answer was complete before its request (a 413 during an upload).
    if (exchange.responseDone) this.#relay.retire();
  }

  #mustWait(): boolean {
    const { pipeline, forwarder } = this.#relay;
    return forwarder === null ? pipeline.isFull : !pipeline.isEmpty;
  }

  #hold(bytes: Buffer): void {
    this.#held = this.#held === null ? bytes : Buffer.concat([this.#held, bytes]);
    this.#relay.client.pause();
  }

  /** Plain-HTTP proxying: the request waits until its own upstream is there. */
  async #route(
    exchange: Exchange,
    bytes: Buffer,
    routed: ReturnType<NonNullable<Http1Relay["forwarder"]>["route"]>,
  ): Promise<void> {
    const relay = this.#relay;
    const { byteLength } = this.#reader.head;
    this.#routing = true;
    relay.client.pause();
    const route = await routed;
    this.#routing = false;
    if (this.#deaf) return route.ok ? void route.stream.destroy() : undefined;
    if (!route.ok)
      return this.#refuse(exchange, route.failure.code, route.failure.detail, bytes.subarray(0, byteLength));
    relay.useUpstream(route.stream);
    relay.toUpstream(route.head);
    const end = this.#readBody(bytes, byteLength, byteLength);
    const rest = end < bytes.length ? bytes.subarray(end) : null;
    this.#held = rest !== null && this.#held !== null ? Buffer.concat([rest, this.#held]) : (rest ?? this.#held);
    if (this.#held !== null) this.release();
    else relay.caughtUp();
  }

  #connect(bytes: Buffer, head: HeadFacts): number {
    const headBytes = bytes.subarray(0, head.byteLength);
    const destination = this.#relay.forwarder?.authority(head.target(bytes)) ?? null;
    if (destination === null) {
      this.#refuse(this.#open(bytes, head), "target-invalid", null, headBytes);
      return bytes.length;
    }
    this.#relay.handOver(destination, bytes.subarray(head.byteLength));
    return bytes.length;
  }

  #noHead(): void {
    const { fault, pending } = this.#reader;
    if (fault === null) {
      // Empty lines between requests are no beginning of a head (RFC 9112 2.2).
      if (pending.length === 0) return;
      const { headTimeoutMs } = this.#relay.options;
      this.#headTimer ??= setTimeout(() => this.#refusePending("request-timeout", null), headTimeoutMs).unref();
      return;
    }
    this.#refusePending(fault.code === "head-too-large" ? "head-too-large" : "request-malformed", fault.message);
  }

  #refusePending(code: RefusalCode, detail: string | null): void {
    const exchange = this.#relay.newExchange();
    const { pending } = this.#reader;
    exchange.requestHead(pending, pending.length);
    this.#relay.pipeline.push(exchange);
    this.#refuse(exchange, code, detail, pending);
  }

  #faultyBody(): void {
    if (this.#current === null) return;
    this.#abandon(this.#current, "request-malformed", this.#reader.fault?.message ?? null);
  }

  /** The upstream must never see this request complete. */
  #abandon(exchange: Exchange, code: RefusalCode, detail: string | null): void {
    if (exchange.responded) this.#relay.cut(code, detail);
    else this.#refuse(exchange, code, detail, NOTHING);
  }

  #refuse(exchange: Exchange, code: RefusalCode, detail: string | null, head: Buffer): void {
    this.stop();
    exchange.refusal = { code, detail, head };
    this.#relay.answer(exchange);
  }

  #clearHeadTimer(): void {
    if (this.#headTimer === null) return;
    clearTimeout(this.#headTimer);
    this.#headTimer = null;
  }
}

type RefusalCode = NonNullable<Exchange["refusal"]>["code"];

const NOTHING = Buffer.alloc(0);
