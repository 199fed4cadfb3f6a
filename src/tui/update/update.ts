/** The one function that changes the model. It does no I/O: what is to be done, it returns as effects. */

import type { Message, Updated } from "../messages.ts";
import { type Model, withToast } from "../model.ts";
import { counted } from "../rate.ts";
import { fetchBody, settleBody } from "./body.ts";
import { copyCurlWith } from "./copy.ts";
import { scrollInto } from "./detail.ts";
import { applyFeed } from "./feed.ts";
import { scrollHelp } from "./help.ts";
import { pressKey } from "./keys.ts";
import { keepInView } from "./list.ts";
import { mouse } from "./mouse.ts";
import { promptPaste, refilter } from "./prompt.ts";

export function update(model: Model, message: Message): Updated {
  const [changed, effects] = change(model, message);
  const [fetching, fetches] = fetchBody(changed);
  const [filtering, works] = goOnFiltering(fetching);
  return [filtering, [...effects, ...fetches, ...works]];
}

/** A filter that was not tried on all rows yet goes on in the next turn of the loop. */
function goOnFiltering(model: Model): Updated {
  if (model.filtering || model.listing.progress === null) return [model, []];
  return [{ ...model, filtering: true }, [{ type: "refilter" }]];
}

function change(model: Model, message: Message): Updated {
  switch (message.type) {
    case "feed":
      return [applyFeed(model, message.message), []];
    case "input":
      return input(model, message.token);
    case "resize":
      return [resized({ ...model, cols: message.cols, rows: message.rows }), []];
    case "tick":
      return [aged({ ...model, rate: counted(model.rate, message.now, 0) }), []];
    case "request-body":
      return copyCurlWith(model, message.flow, message.content);
    case "said":
      return [withToast(model, message.text), []];
    case "refilter":
      return [refilter({ ...model, filtering: false }, message.more), []];
    case "body":
      return [scrollInto(settleBody(model, message.key, { state: "loaded", content: message.content })), []];
    case "body-failed":
      return [settleBody(model, message.key, { state: "failed", reason: message.reason }), []];
  }
}

function input(model: Model, token: Extract<Message, { type: "input" }>["token"]): Updated {
  switch (token.type) {
    case "key":
      return inView(pressKey({ ...model, toast: null }, token.key));
    case "mouse":
      return inView([mouse(model, token), []]);
    // Pasted text is no command, however much it looks like keys.
    case "paste":
      return inView([model.prompt ? promptPaste(model, model.prompt, token.text) : model, []]);
    case "focus":
      return [model, []];
  }
}

/** What is in view stays in view. */
function resized(model: Model): Model {
  return scrollHelp(scrollInto(keepInView(model)), 0);
}

/** A tick nearer to the end of what is said for a while only. */
function aged(model: Model): Model {
  const { toast } = model;
  return toast ? { ...model, toast: toast.ticks > 1 ? { ...toast, ticks: toast.ticks - 1 } : null } : model;
}

/** What was opened or closed may have changed the size of the list. */
function inView([model, effects]: Updated): Updated {
  return [keepInView(model), effects];
}
