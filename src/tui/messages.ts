/** What can happen to the UI, and what the UI can ask to be done. */

import type { BodyContent, FeedMessage } from "../feed/client.ts";
import type { FlowId } from "../flow/events.ts";
import type { BodyKey, Model } from "./model.ts";
import type { Token } from "./tokenizer.ts";

export type Message =
  | { type: "feed"; message: FeedMessage }
  | { type: "input"; token: Token }
  | { type: "resize"; cols: number; rows: number }
  /** Once a second. `now` in epoch ms. */
  | { type: "tick"; now: number }
  | { type: "body"; key: BodyKey; content: BodyContent }
  | { type: "body-failed"; key: BodyKey; reason: string }
  /** Go on applying the new filter, as long as `more` says so. */
  | { type: "refilter"; more: () => boolean }
  /** A request's body as it was sent; null if it could not be fetched. */
  | { type: "request-body"; flow: FlowId; content: BodyContent | null }
  /** What became of a copy, in words. */
  | { type: "said"; text: string };

export type Effect =
  | { type: "quit" }
  | { type: "suspend" }
  /** Draw everything anew: another program wrote over the screen. */
  | { type: "repaint" }
  /** Answered by "body" or "body-failed". */
  | { type: "fetch-body"; key: BodyKey; ref: string; limit: number }
  /** Answered by "refilter", in the next turn of the loop. */
  | { type: "refilter" }
  /** Answered by "request-body". */
  | { type: "fetch-request"; flow: FlowId; ref: string; limit: number }
  /** To the clipboard. Answered by "said". */
  | { type: "copy"; what: string; text: string; leftOut: readonly string[] };

export type Updated = [model: Model, effects: Effect[]];
