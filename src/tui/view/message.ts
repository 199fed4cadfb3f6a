/** Tabs 2 and 3: a message as it was sent, its head first, then its body. */

import type { FlowSummary, HeaderList } from "../../flow/events.ts";
import type { BodyPart } from "../../flow/source.ts";
import { printable, wireText } from "../../flow/printable.ts";
import { type BodyMode, type ContentFacts, bodyDocument, decoderChain } from "../body/content.ts";
import { type Document, type Line, joined, ofLines, span, wrapAll } from "../document.ts";
import type { Known } from "../flows.ts";
import { formatBytes } from "../format.ts";
import type { BodyState } from "../model.ts";
import { pathOf } from "../row.ts";

/** `facts` and `mode` are null as long as the body is not there. */
export function messageDocument(
  { summary }: Known,
  part: BodyPart,
  body: BodyState,
  facts: ContentFacts | null,
  mode: BodyMode | null,
  width: number,
): Document {
  const head = part === "req" ? requestHead(summary) : responseHead(summary);
  const above = ofLines(wrapAll([...head, [], ...bodyNotes(summary, part, body, facts, mode)], width, 2));
  if (body.state !== "loaded" || !facts || !mode) return above;
  return joined(above, bodyDocument(body.content.bytes, facts, mode, width));
}

function requestHead(summary: FlowSummary): Line[] {
  if (summary.kind !== "http") return [[span("not an HTTP request", "dim")], ...fields(summary.req.headers)];
  const start = `${summary.method} ${pathOf(summary.url)} HTTP/${summary.http}`;
  return [[span(wire(start), "strong")], ...fields(summary.req.headers), ...trailers(summary.req.trailers)];
}

function responseHead(summary: FlowSummary): Line[] {
  const { res } = summary;
  if (!res) return [[span(summary.state === "open" ? "no response yet" : "there was no response", "dim")]];
  const interim = res.interim.map((status): Line => [span(`HTTP/${summary.http} ${status}`, "dim")]);
  const start =
    summary.status === null
      ? []
      : [[span(wire(`HTTP/${summary.http} ${summary.status} ${summary.reason ?? ""}`.trimEnd()), "strong")]];
  const ours: Line[] = res.ours ? [[span("plainwire's own page, not the upstream's response", "badge")]] : [];
  return [...ours, ...interim, ...start, ...fields(res.headers), ...trailers(res.trailers)];
}

/** As they were sent: order, case, duplicates. */
function fields(headers: HeaderList): Line[] {
  return headers.map(([name, value]) => [span(`${wire(name)}:`, "name"), span(` ${wire(value)}`)]);
}

function trailers(headers: HeaderList): Line[] {
  return headers.length === 0 ? [] : [[span("trailers, after the body:", "dim")], ...fields(headers)];
}

/** What is to be said about the body before it is shown, or in place of it. */
function bodyNotes(
  summary: FlowSummary,
  part: BodyPart,
  body: BodyState,
  facts: ContentFacts | null,
  mode: BodyMode | null,
): Line[] {
  const message = part === "req" ? summary.req : summary.res;
  const info = message?.body ?? null;
  const open = summary.state === "open";
  if (!message || (!open && message.size === 0 && !info?.kept))
    return [[span(open ? "no body so far" : "no body", "dim")]];
  if (!open && !info?.kept)
    return [[span(`${formatBytes(message.size)} of body, none of it kept: over the memory budget`, "badge")]];
  if (body.state === "failed")
    return [[span(`the body could not be fetched: ${printable(body.reason, "detail")}`, "failed")]];
  if (body.state !== "loaded" || !facts || !mode) return [[span("fetching the body…", "dim")]];
  const { content } = body;
  if (open && content.bytes.length === 0) return [[span("no body so far", "dim")]];
  const lines: Line[] = [
    [span(`body: ${decoderChain(content.bytes, facts, mode)}, ${formatBytes(content.bytes.length)}`, "heading")],
  ];
  if (content.undecodable !== null)
    lines.push([span(`could not be decoded, shown as sent: ${printable(content.undecodable, "detail")}`, "failed")]);
  if (info && info.kept < message.size)
    lines.push([
      span(
        `kept ${formatBytes(info.kept)} of ${formatBytes(message.size)} that passed: over the memory budget`,
        "badge",
      ),
    ]);
  if (content.truncated) lines.push([span(cut(content.bytes.length, content.total), "badge")]);
  return lines;
}

function cut(shown: number, total: number | null): string {
  // The flow failed before the body was whole: nothing of it was left out here.
  if (shown === total) return "cut off: this is all that came";
  return `cut: only the first ${formatBytes(shown)}${total === null ? "" : ` of ${formatBytes(total)}`} can be shown`;
}

function wire(latin1: string): string {
  return printable(wireText(latin1), "detail");
}
