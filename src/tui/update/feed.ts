/** What the feed reports. */

import type { FeedMessage } from "../../feed/client.ts";
import type { FlowEvent } from "../../flow/events.ts";
import { type Model, UNASKED } from "../model.ts";
import { counted } from "../rate.ts";
import { keepInView } from "./list.ts";

export function applyFeed(model: Model, message: FeedMessage): Model {
  switch (message.event) {
    case "gap":
      return { ...model, missed: model.missed + message.count };
    case "goodbye":
      return { ...model, notice: `the engine says goodbye: ${message.reason}` };
    case "caught_up":
      return model;
    default:
      return applyFlow(model, message);
  }
}

function applyFlow(model: Model, event: FlowEvent): Model {
  const before = model.flows.next;
  const changed = model.flows.apply(event);
  if (changed !== null) model.listing.changed(changed);
  const rate = counted(model.rate, event.t, model.flows.next - before);
  return keepInView(refreshed({ ...model, rate }, event));
}

/** An open body that was still growing is fetched once more when its flow ends. */
function refreshed(model: Model, event: FlowEvent): Model {
  const { detail } = model;
  const ended = event.event === "flow.done" || event.event === "flow.failed";
  if (!ended || detail?.flow !== event.flow) return model;
  return { ...model, detail: { ...detail, bodies: { req: UNASKED, res: UNASKED } } };
}
