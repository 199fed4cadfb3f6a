/** A feed of made-up flows, and a user in front of the UI: what is pressed, and what is then seen. */

import type { BodyContent, FeedMessage, Hello } from "../../src/feed/client.ts";
import type { Failed, FlowDone, FlowFailed, FlowRequest, FlowResponse, FlowSummary } from "../../src/flow/events.ts";
import type { Effect, Message } from "../../src/tui/messages.ts";
import { type Model, initialModel } from "../../src/tui/model.ts";
import type { Look } from "../../src/tui/theme.ts";
import { Tokenizer } from "../../src/tui/tokenizer.ts";
import { update } from "../../src/tui/update/update.ts";
import { view } from "../../src/tui/view/view.ts";

export const HELLO: Hello = {
  protocol: "plainwire.feed.v1",
  version: { major: 1, minor: 0 },
  server: { name: "plainwire", version: "0.1.0", pid: 1 },
  proxy: "http://127.0.0.1:8080",
  ca: "/home/me/ca.pem",
  insecure: false,
  epoch: "e",
  seq: { first: 0, last: 0 },
  now: 0,
  limits: { ring: 1, maxFrame: 1, inlineBody: 1, highWater: 1 },
  scopes: ["read"],
  features: [],
};

export const LOOK: Look = { color: true, ascii: false };
/** A moment at which no time zone is at a day's end that the tests could notice. */
export const T0 = Date.UTC(2026, 10, 24, 12, 0, 0);

/** A finished exchange; `over` says what is different about it. */
export function summary(flow: string, over: Partial<FlowSummary> = {}): FlowSummary {
  return {
    flow,
    t: T0 + 250,
    state: "done",
    kind: "http",
    method: "GET",
    url: "https://api.example.com/v1/users?page=2",
    host: "api.example.com",
    port: 443,
    scheme: "https",
    http: "1.1",
    started: T0,
    status: 200,
    reason: "OK",
    req: { headers: [["Host", "api.example.com"]], trailers: [], size: 0, wire: 0, body: null, changes: [] },
    res: {
      headers: [["Content-Type", "application/json"]],
      trailers: [],
      size: 1234,
      wire: 1234,
      body: { size: 1234, kept: 1234, mime: "application/json", coding: [], ref: `${flow}/res` },
      ours: false,
      interim: [],
    },
    timing: { dns: 1, connect: 2, tls: 20, send: 0.1, wait: 200, receive: 5, total: 250 },
    tls: { client: null, upstream: null },
    tunnel: null,
    client: { addr: "127.0.0.1:52166" },
    upstream: { addr: "192.0.2.7:443", reused: false },
    error: null,
    ...over,
  };
}

export function request(flow: string, over: Partial<FlowRequest> = {}): FlowRequest {
  const { kind, method, url, host, port, scheme, http, client, tunnel } = summary(flow);
  const rest = { kind, method, url, host, port, scheme, http, client, tunnel };
  return { event: "flow.request", flow, t: T0, headers: [["Host", host]], changes: [], ...rest, ...over };
}

export function response(flow: string, over: Partial<FlowResponse> = {}): FlowResponse {
  return {
    event: "flow.response",
    flow,
    t: T0,
    status: 200,
    reason: "OK",
    http: "1.1",
    headers: [],
    ours: false,
    ...over,
  };
}

export function done(flow: string, over: Partial<FlowSummary> = {}): FlowDone {
  return { ...summary(flow, over), event: "flow.done" };
}

export const EXPIRED: Failed = {
  code: "expired",
  leg: "upstream",
  step: "verify",
  reason: "a certificate of broken.example.org:443 has expired",
  hint: "Renew it on the server; if it looks valid, check this machine's clock",
  detail: "certificate has expired",
  answered: 502,
};

export function failed(flow: string, over: Partial<FlowSummary> = {}, error: Partial<Failed> = {}): FlowFailed {
  const mine = {
    host: "broken.example.org",
    url: "https://broken.example.org/",
    status: null,
    reason: null,
    res: null,
  };
  const whole = { ...EXPIRED, ...error };
  return { ...summary(flow, { ...mine, state: "failed", ...over }), event: "flow.failed", error: whole };
}

export function sent<E extends object>(event: E): E & { sub: string; seq: number } {
  return { ...event, sub: "s1", seq: 0 };
}

export function content(text: string | Buffer, over: Partial<BodyContent> = {}): BodyContent {
  const bytes = Buffer.from(text);
  return { bytes, total: bytes.length, truncated: false, undecodable: null, ...over };
}

/** Someone at a terminal of this size. */
export class User {
  model: Model;
  readonly effects: Effect[] = [];
  readonly #keyboard = new Tokenizer((token) => this.#happens({ type: "input", token }));

  constructor(cols: number, rows: number, options: { hello?: Partial<Hello>; look?: Look } = {}) {
    this.model = initialModel({ ...HELLO, ...options.hello }, options.look ?? LOOK, cols, rows);
  }

  /** Bytes as the terminal sends them: "j", "\r" for Enter, "\x1b[A" for Up. Escape is "\x1b" alone, at the end. */
  press(...keys: string[]): this {
    for (const key of keys) {
      this.#keyboard.write(Buffer.from(key));
      this.#keyboard.timeout();
    }
    return this;
  }

  /** The feed reports these. */
  receives(...events: object[]): this {
    for (const event of events) this.#happens({ type: "feed", message: sent(event) as FeedMessage });
    return this;
  }

  /** `count` finished flows, ids `f1`... from `from` on. */
  receivesFlows(count: number, from = 1): this {
    for (let n = from; n < from + count; n += 1) {
      const over = { url: `https://api.example.com/item/${n}` };
      this.receives(request(`f${n}`, over), done(`f${n}`, over));
    }
    return this;
  }

  happens(message: Message): this {
    this.#happens(message);
    return this;
  }

  /** What is on the screen. */
  sees(): string {
    return view(this.model).text();
  }

  row(y: number): string {
    return view(this.model).row(y);
  }

  #happens(message: Message): void {
    const [model, effects] = update(this.model, message);
    this.model = model;
    this.effects.push(...effects);
  }
}

export const ENTER = "\r";
export const ESC = "\x1b";
export const UP = "\x1b[A";
