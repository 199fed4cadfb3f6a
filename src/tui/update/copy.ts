/** The copy menu: what goes to the clipboard, and what is said about it. */

import type { BodyContent } from "../../feed/client.ts";
import { curlCommand } from "../../flow/curl.ts";
import type { FlowId, FlowSummary } from "../../flow/events.ts";
import type { Updated } from "../messages.ts";
import { type Model, selectedRow, withToast } from "../model.ts";

export function openCopyMenu(model: Model): Model {
  return target(model) ? { ...model, menu: "copy" } : model;
}

/** Any other key leaves the menu. */
export function copyKey(model: Model, key: string): Updated {
  const closed: Model = { ...model, menu: null };
  const flow = target(model);
  if (!flow || (key !== "u" && key !== "c")) return [closed, []];
  const summary = model.flows.known(flow)?.summary;
  if (!summary) return [withToast(closed, "the details of this flow are no longer kept here: nothing was copied"), []];
  return key === "u" ? copyUrl(closed, summary) : copyCurl(closed, summary);
}

/** The body that a curl command waits for is there, or null if it could not be fetched. */
export function copyCurlWith(model: Model, flow: FlowId, content: BodyContent | null): Updated {
  const summary = model.flows.known(flow)?.summary;
  if (!summary) return [withToast(model, "the details of this flow are no longer kept here: nothing was copied"), []];
  const body = content
    ? { bytes: content.bytes, whole: !content.truncated && summary.state !== "open" }
    : { bytes: Buffer.alloc(0), whole: false };
  return copyCommand(model, summary, body);
}

/** The flow that is open and has the focus, else the selected one. */
function target(model: Model): FlowId | undefined {
  return model.detail?.focused ? model.detail.flow : selectedRow(model)?.id;
}

/**
 * What is not printable ASCII is written as a URL has it (RFC 3986, section 2.1), so that no terminal acts on a byte of it
 * when it is pasted.
 */
function copyUrl(model: Model, { url }: FlowSummary): Updated {
  if (url === "") return [withToast(model, "this flow has no URL"), []];
  const escaped = Array.from(Buffer.from(url, "latin1"), (byte) =>
    byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return [model, [{ type: "copy", what: "URL", text: escaped.join(""), leftOut: [] }]];
}

function copyCurl(model: Model, summary: FlowSummary): Updated {
  const { flow, req, state } = summary;
  if (state !== "open" && req.size === 0) return copyCommand(model, summary, null);
  return [model, [{ type: "fetch-request", flow, ref: req.body?.ref ?? `${flow}/req`, limit: BODY_LIMIT }]];
}

function copyCommand(model: Model, summary: FlowSummary, body: { bytes: Uint8Array; whole: boolean } | null): Updated {
  const made = curlCommand(summary, body);
  if (!made) return [withToast(model, "this flow is no request that curl could send"), []];
  return [model, [{ type: "copy", what: "curl command", text: made.command, leftOut: made.leftOut }]];
}

/** A little more than a command can hold, so that a longer body shows as one. */
const BODY_LIMIT = 72 * 1024;
