/** The lines behind the open flow's tab. Made when something in them changed, and kept for the frames that follow. */

import { type BodyMode, type ContentFacts, suggestedMode } from "./body/content.ts";
import { type Document, ofLines, span, wrap } from "./document.ts";
import type { Known } from "./flows.ts";
import { detailWidth } from "./layout.ts";
import type { BodyState, Detail, Model } from "./model.ts";
import type { BodyPart } from "../flow/source.ts";
import { messageDocument } from "./view/message.ts";
import { overviewLines } from "./view/overview.ts";

export function detailDocument(model: Model): Document {
  const { detail } = model;
  const known = detail && model.flows.known(detail.flow);
  const width = detailWidth(model);
  if (!detail || !known) return ofLines(wrap([span(FORGOTTEN, "dim")], width));
  const body = detail.tab === "overview" ? null : detail.bodies[detail.tab];
  const mode = detail.tab === "overview" ? null : shownMode(model, detail.tab);
  if (
    last?.known === known &&
    last.tab === detail.tab &&
    last.width === width &&
    last.body === body &&
    last.mode === mode
  )
    return last.document;
  last = { known, tab: detail.tab, width, body, mode, document: make(known, detail.tab, width, body, mode) };
  return last.document;
}

/** How the body is shown: as chosen, else as its type and bytes suggest. Null as long as there is none to show. */
export function shownMode(model: Model, part: BodyPart): BodyMode | null {
  const { detail } = model;
  const known = detail && model.flows.known(detail.flow);
  const body = detail?.bodies[part];
  if (!detail || !known || body?.state !== "loaded") return null;
  return detail.modes[part] ?? suggestedMode(body.content.bytes, contentFacts(known, part, body));
}

/** What the summary says of a body that was fetched. */
export function contentFacts(
  { summary }: Known,
  part: BodyPart,
  { content }: Extract<BodyState, { state: "loaded" }>,
): ContentFacts {
  const message = part === "req" ? summary.req : summary.res;
  const header = (wanted: string): string =>
    message?.headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";
  const type = header("content-type");
  const charset = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(type)?.[1] ?? null;
  return {
    mime: message?.body?.mime ?? (type.split(";", 1)[0]?.trim().toLowerCase() || null),
    charset,
    coding: content.undecodable === null ? (message?.body?.coding ?? listed(header("content-encoding"))) : [],
    truncated: content.truncated,
  };
}

function listed(header: string): string[] {
  return header
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity")
    .slice(0, 8);
}

function make(
  known: Known,
  tab: Detail["tab"],
  width: number,
  body: BodyState | null,
  mode: BodyMode | null,
): Document {
  if (tab === "overview") return ofLines(overviewLines(known, width));
  const facts = body?.state === "loaded" ? contentFacts(known, tab, body) : null;
  return messageDocument(known, tab, body ?? { state: "unasked" }, facts, mode, width);
}

interface Made {
  known: Known;
  tab: Detail["tab"];
  width: number;
  body: BodyState | null;
  mode: BodyMode | null;
  document: Document;
}

/** The last document made: a frame and the scrolling between two frames ask for the same one. */
let last: Made | undefined;

const FORGOTTEN =
  "The details of this flow are no longer kept here: only the newest few thousand flows are. Read it from the feed.";
