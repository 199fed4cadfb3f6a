/** Bodies are fetched when they are looked at, one at a time. */

import type { BodyPart } from "../../flow/source.ts";
import type { BodyInfo, FlowSummary } from "../../flow/events.ts";
import type { BodyKey, BodyState, Detail, Model } from "../model.ts";
import type { Updated } from "../messages.ts";

/** Asks for the body that is on the screen and was not asked for yet. */
export function fetchBody(model: Model): Updated {
  const { detail } = model;
  if (!detail || detail.tab === "overview" || model.fetching) return [model, []];
  const part = detail.tab;
  const summary = model.flows.known(detail.flow)?.summary;
  if (detail.bodies[part].state !== "unasked" || !summary || !mayHaveBody(summary, part)) return [model, []];
  const key = { flow: detail.flow, part };
  const fetching = { ...model, fetching: key, detail: withBody(detail, part, { state: "loading" }) };
  return [
    fetching,
    [{ type: "fetch-body", key, ref: bodyOf(summary, part)?.ref ?? `${detail.flow}/${part}`, limit: BODY_LIMIT }],
  ];
}

/** An answer for a flow that is no longer open is dropped; what is on the screen is asked for next. */
export function settleBody(model: Model, key: BodyKey, state: BodyState): Model {
  const { detail } = model;
  const settled = { ...model, fetching: null };
  // "unasked" again: the flow ended meanwhile, and this answer is of its beginning.
  if (detail?.flow !== key.flow || detail.bodies[key.part].state !== "loading") return settled;
  return { ...settled, detail: withBody(detail, key.part, state) };
}

/** A flow that is still open tells nothing of its bodies before it ends, but what came so far can be fetched. */
function mayHaveBody(summary: FlowSummary, part: BodyPart): boolean {
  if (summary.state === "open") return summary.kind !== "attempt" && (part === "req" || summary.res !== null);
  return (bodyOf(summary, part)?.kept ?? 0) > 0;
}

function bodyOf(summary: FlowSummary, part: BodyPart): BodyInfo | null {
  return (part === "req" ? summary.req.body : summary.res?.body) ?? null;
}

function withBody(detail: Detail, part: BodyPart, state: BodyState): Detail {
  return { ...detail, bodies: { ...detail.bodies, [part]: state } };
}

/** Bytes of a body that are looked at. */
const BODY_LIMIT = 256 * 1024;
