/** The upstream's half of `Http1Relay`: reads responses and passes their bytes on. */

import { MessageReader } from "../wire/http1.ts";
import type { Exchange } from "./exchange.ts";
import type { Http1Relay } from "./http1.ts";

export class ResponseSide {
  #relay: Http1Relay;
  #reader: MessageReader;

  constructor(relay: Http1Relay) {
    this.#relay = relay;
    this.#reader = new MessageReader("response", { headBytes: relay.options.headBytes });
  }

  /** True while a body is relayed that only the connection's close ends (RFC 9112 6.3, rule 8). */
  get isDelimitedByClose(): boolean {
    return this.#reader.state === "body" && this.#reader.head.body === "close";
  }

  reset(): void {
    this.#reader.reset();
  }

  read(chunk: Buffer): void {
    let bytes = chunk;
    let at = 0;
    // Without an upstream the connection is ending, and what is left answers nothing any more.
    while (at < bytes.length && this.#relay.upstream !== null) {
      const exchange = this.#relay.pipeline.first;
      if (exchange === undefined || exchange.responseDone || exchange.refusal !== null)
        return this.#unexpected(bytes, at);
      if (this.#reader.state === "body") {
        at = this.#pass(exchange, bytes, at, at);
        continue;
      }
      this.#reader.requestMethod = exchange.method;
      const message = this.#reader.readHead(at === 0 ? bytes : bytes.subarray(at));
      if (message === null) return this.#noHead(exchange);
      bytes = message;
      at = this.#begin(exchange, bytes);
    }
  }

  /** The upstream sent its last byte. */
  end(): void {
    const exchange = this.#relay.pipeline.first;
    const { isDelimitedByClose } = this;
    const isTruncated = this.#reader.end() === "truncated";
    if (exchange !== undefined && !exchange.responseDone) {
      if (isTruncated) return this.#truncated(exchange);
      if (isDelimitedByClose) exchange.responseComplete(this.#reader.content, null);
    }
    this.#relay.close();
  }

  #truncated(exchange: Exchange): void {
    const { pending } = this.#reader;
    if (pending.length > 0) exchange.responseHead(pending, pending.length);
    this.#relay.cut("response-truncated", null);
  }

  #begin(exchange: Exchange, bytes: Buffer): number {
    const { byteLength, status } = this.#reader.head;
    if (status >= 100 && status < 200 && status !== 101) {
      exchange.responseInterim(bytes, byteLength);
      this.#relay.toClient(bytes.subarray(0, byteLength));
      this.#reader.reset();
      return byteLength;
    }
    exchange.responseHead(bytes, byteLength);
    if (status === 101 && !exchange.upgrade) return this.#refuse(exchange, "response-malformed", UNASKED, bytes.length);
    if (status === 101 || (exchange.method === "CONNECT" && status < 300))
      return this.#switch(exchange, bytes, byteLength);
    exchange.upgrade = false;
    return this.#pass(exchange, bytes, 0, byteLength);
  }

  /** Passes `bytes` on from `start`; the body in them begins at `at`. Returns the index after what was passed. */
  #pass(exchange: Exchange, bytes: Buffer, start: number, at: number): number {
    let end = at;
    if (this.#reader.state === "body" && at < bytes.length) {
      end = this.#reader.readBody(bytes, at);
      if (end > at) exchange.responseBody(bytes, at, end);
    }
    this.#relay.toClient(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    if (this.#reader.state === "fault") {
      this.#relay.cut("response-malformed", this.#reader.fault?.message ?? null);
      return bytes.length;
    }
    if (this.#reader.state === "done") this.#complete(exchange);
    return end;
  }

  #complete(exchange: Exchange): void {
    const { content, trailers } = this.#reader;
    this.#reader.reset();
    exchange.responseComplete(content, trailers);
    if (exchange.requestDone) this.#relay.retire();
  }

  #switch(exchange: Exchange, bytes: Buffer, byteLength: number): number {
    this.#relay.toClient(bytes.subarray(0, byteLength));
    exchange.responseComplete(0, null);
    this.#relay.switchProtocols(exchange, bytes.subarray(byteLength));
    return bytes.length;
  }

  #noHead(exchange: Exchange): void {
    const { fault, pending } = this.#reader;
    if (fault === null) return;
    const code = fault.code === "head-too-large" ? "response-head-too-large" : "response-malformed";
    exchange.responseHead(pending, pending.length);
    this.#refuse(exchange, code, fault.message, pending.length);
  }

  /** Answers with plainwire's page in place of a response that was recorded as it came; returns `end`. */
  #refuse(
    exchange: Exchange,
    code: "response-head-too-large" | "response-malformed",
    detail: string,
    end: number,
  ): number {
    exchange.refusal = { code, detail, head: NOTHING };
    this.#relay.answer(exchange);
    return end;
  }

  /** Bytes that answer no request could be taken for the answer to the next one: they never reach the client. */
  #unexpected(bytes: Buffer, at: number): void {
    const flow = this.#relay.newExchange();
    flow.openAttempt({ destination: this.#relay.options.destination ?? this.#relay.forwarder?.destination ?? null });
    flow.responseBody(bytes, at, bytes.length);
    flow.fail("response-unexpected");
    this.#relay.dropUpstream();
    this.#relay.close();
  }
}

const NOTHING = Buffer.alloc(0);
const UNASKED = "101 Switching Protocols, for which the request did not ask";
