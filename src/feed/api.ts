/** The HTTP API beside the WebSocket. Read only: GET and HEAD. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { target, type Refusal } from "./access.ts";
import { type DecodedBudget, replyBody } from "./body-reply.ts";
import { type FeedContext, hello, stats } from "./context.ts";
import { streamEvents } from "./event-stream.ts";
import { FEED_PATH, RpcError } from "./protocol.ts";
import { refuse, sendJson } from "./reply.ts";

export type Api = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers requests that were allowed (`access.ts`). */
export function createApi(context: FeedContext): Api {
  const budget: DecodedBudget = { inUse: 0 };
  return (request, response) => {
    try {
      route(context, budget, request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else refuse(response, error instanceof RpcError ? badRequest(error) : BROKEN);
    }
  };
}

/** What is wrong with a subscription that is asked for in a URL. */
export function badRequest(error: RpcError): Refusal {
  return { status: 400, code: "bad_request", message: error.message };
}

function route(context: FeedContext, budget: DecodedBudget, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, NOT_ALLOWED);
  const { path, query } = target(request);
  if (path === "/v1/status") return sendJson(response, 200, JSON.stringify({ ...hello(context), ...stats(context) }));
  if (path === "/v1/events") return streamEvents(context, request, query, response);
  if (path === FEED_PATH) return refuse(response, NOT_UPGRADED);
  const match = FLOW_PATH.exec(path);
  if (!match) return refuse(response, NOT_FOUND);
  const flow = match[1] ?? "";
  if (match[2] !== "req" && match[2] !== "res") return replyFlow(context, flow, response);
  const wanted = {
    flow,
    part: match[2],
    decoded: query.get("decoded") === "1",
    limit: context.limits.decodedBody,
  } as const;
  replyBody(context.source, budget, wanted, request, response);
}

function replyFlow({ source }: FeedContext, flow: string, response: ServerResponse): void {
  const summary = source.flow(flow);
  if (summary) return sendJson(response, 200, JSON.stringify(summary));
  refuse(response, { status: 404, code: "flow_not_found", message: "there is no such flow, or it is no longer kept" });
}

const FLOW_PATH = /^\/v1\/flows\/([\w.~-]{1,128})(?:\/(req|res)\/body)?$/;

const NOT_ALLOWED: Refusal = {
  status: 405,
  code: "method_not_allowed",
  message: "the API is read only",
  headers: { allow: "GET, HEAD" },
};
const NOT_UPGRADED: Refusal = {
  status: 426,
  code: "upgrade_required",
  message: "this is a WebSocket: connect to it with ws://",
  hint: "GET /v1/events is the feed for plain HTTP",
  headers: { upgrade: "websocket", connection: "Upgrade" },
};
const NOT_FOUND: Refusal = {
  status: 404,
  code: "not_found",
  message: "there is nothing here",
  hint: "there are /v1/status, /v1/events, /v1/flows/ID, /v1/flows/ID/req/body, /v1/flows/ID/res/body, and the WebSocket /v1/feed",
};
const BROKEN: Refusal = { status: 500, code: "internal", message: "plainwire failed to answer; this is a bug" };
