/** What can happen to the UI, and what the UI can ask to be done. */

import type { BodyContent, FeedMessage } from "../feed/client.ts";
import type { BodyKey, Model } from "./model.ts";
import type { Token } from "./tokenizer.ts";

export type Message =
  | { type: "feed"; message: FeedMessage }
  | { type: "input"; token: Token }
  | { type: "resize"; cols: number; rows: number }
  /** Once a second. `now` in epoch ms. */
  | { type: "tick"; now: number }
  | { type: "body"; key: BodyKey; content: BodyContent }
  | { type: "body-failed"; key: BodyKey; reason: string };

export type Effect =
  | { type: "quit" }
  | { type: "suspend" }
  /** Draw everything anew: another program wrote over the screen. */
  | { type: "repaint" }
  /** Answered by "body" or "body-failed". */
  | { type: "fetch-body"; key: BodyKey; ref: string; limit: number };

export type Updated = [model: Model, effects: Effect[]];
