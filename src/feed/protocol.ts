/**
 * The words and numbers of `plainwire.feed.v1`: what both ends of the feed agree on.
 *
 * One JSON-RPC 2.0 object per text frame. The server speaks first (`hello`). An event is a notification whose method is
 * the event's name and whose params are the event's fields plus `sub` and `seq`; the field `event` stays in the params,
 * so that they are one of the flow events as they are.
 */

export const PROTOCOL = "plainwire.feed";
export const VERSION = { major: 1, minor: 0 };
export const FEED_PATH = "/v1/feed";
/** Subprotocol that a client must offer, and the one that is chosen. */
export const SUBPROTOCOL = "plainwire.feed.v1";
/** What a browser, which cannot set headers, offers beside it: this and the token in base64url. */
export const TOKEN_SUBPROTOCOL = "plainwire.token.";

export const CloseCode = {
  /** RFC 6455, 7.4.1. */
  internal: 1011,
  protocol: 4400,
  slowConsumer: 4408,
  tooManyClients: 4429,
  shuttingDown: 4503,
} as const;

export const RpcCode = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  badFilter: -32002,
  unknownSubscription: -32003,
  unknownEpoch: -32004,
  flowNotFound: -32010,
  tooMany: -32020,
} as const;
export type RpcCode = (typeof RpcCode)[keyof typeof RpcCode];

/** What the caller did wrong; becomes the `error` of an answer, or a refusal of the HTTP API. */
export class RpcError extends Error {
  readonly code: RpcCode;
  readonly data: { [field: string]: unknown } | undefined;

  constructor(code: RpcCode, message: string, data?: { [field: string]: unknown }) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Sizes in bytes. */
export interface FeedLimits {
  /** Of one message from a client. */
  maxFrame: number;
  /** Of one body inside an event; larger ones are fetched. */
  inlineBody: number;
  /** What may wait for one client before its subscriptions stop and fall behind in the log. */
  highWater: number;
  /** WebSockets and event streams together. */
  clients: number;
  /** Of one client. */
  subscriptions: number;
  /** Of one body with its codings undone. */
  decodedBody: number;
}

export const DEFAULT_LIMITS: FeedLimits = {
  maxFrame: 1024 * 1024,
  inlineBody: 64 * 1024,
  highWater: 1024 * 1024,
  clients: 16,
  subscriptions: 16,
  decodedBody: 32 * 1024 * 1024,
};
