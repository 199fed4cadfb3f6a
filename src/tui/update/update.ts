/** The one function that changes the model. It does no I/O: what is to be done, it returns as effects. */

import type { Message, Updated } from "../messages.ts";
import type { Model } from "../model.ts";
import { counted } from "../rate.ts";
import { fetchBody, settleBody } from "./body.ts";
import { scrollInto } from "./detail.ts";
import { applyFeed } from "./feed.ts";
import { pressKey } from "./keys.ts";
import { keepInView } from "./list.ts";
import { mouse } from "./mouse.ts";

export function update(model: Model, message: Message): Updated {
  const [changed, effects] = change(model, message);
  const [fetching, fetches] = fetchBody(changed);
  return [fetching, [...effects, ...fetches]];
}

function change(model: Model, message: Message): Updated {
  switch (message.type) {
    case "feed":
      return [applyFeed(model, message.message), []];
    case "input":
      return input(model, message.token);
    case "resize":
      return [scrollInto(keepInView({ ...model, cols: message.cols, rows: message.rows })), []];
    case "tick":
      return [{ ...model, rate: counted(model.rate, message.now, 0) }, []];
    case "body":
      return [scrollInto(settleBody(model, message.key, { state: "loaded", content: message.content })), []];
    case "body-failed":
      return [settleBody(model, message.key, { state: "failed", reason: message.reason }), []];
  }
}

function input(model: Model, token: Extract<Message, { type: "input" }>["token"]): Updated {
  switch (token.type) {
    case "key":
      return inView(pressKey(model, token.key));
    case "mouse":
      return inView([mouse(model, token), []]);
    // Pasted text is no command, however much it looks like keys.
    case "paste":
    case "focus":
      return [model, []];
  }
}

/** What was opened or closed may have changed the size of the list. */
function inView([model, effects]: Updated): Updated {
  return [keepInView(model), effects];
}
