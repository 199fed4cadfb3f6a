/**
 * plainwire's own pages: the answer to a request that can't be relayed.
 *
 * They run in the origin of the site that was asked for and hold text that an attacker may have chosen, so: every
 * interpolated string is escaped, no script, no link, no path, user name, address of the feed, or token (design.md,
 * section 5, "Our pages").
 */

import { STATUS_CODES } from "node:http";
import { FAILURES, type FailureCode, sentence } from "../errors.ts";
import { parseHead } from "../wire/http1-message.ts";

export interface Page {
  head: Buffer;
  body: Buffer;
}

export interface PageSubject {
  code: FailureCode;
  /** The destination as "example.com:443", or null. */
  host: string | null;
  /** The cause in the platform's words. */
  detail: string | null;
  /** What the client sent, as far as it is known: `Accept` decides between HTML and plain text. */
  requestHead: Uint8Array;
  /** A response to HEAD has no body (RFC 9110 9.3.2). */
  isHead: boolean;
}

export function failurePage({ code, host, detail, requestHead, isHead }: PageSubject): Page {
  const { fields } = parseHead(requestHead);
  const wantsHtml = fields.some(([name, value]) => name.toLowerCase() === "accept" && /\btext\/html\b/i.test(value));
  const words = { status: statusLine(code), what: sentence(code, host), detail, fix: FAILURES[code].fix, code };
  const body = Buffer.from(wantsHtml ? html(words) : text(words));
  return { head: head(code, wantsHtml, body.length), body: isHead ? Buffer.alloc(0) : body };
}

interface Words {
  status: string;
  what: string;
  detail: string | null;
  fix: string;
  code: FailureCode;
}

function head(code: FailureCode, isHtml: boolean, length: number): Buffer {
  return Buffer.from(
    [
      `HTTP/1.1 ${statusLine(code)}`,
      `Content-Type: ${isHtml ? "text/html" : "text/plain"}; charset=utf-8`,
      `Content-Length: ${length}`,
      `plainwire-error: ${code}`,
      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
      "Cache-Control: no-store",
      "X-Content-Type-Options: nosniff",
      "Connection: close",
      "\r\n",
    ].join("\r\n"),
  );
}

function statusLine(code: FailureCode): string {
  const { status } = FAILURES[code];
  return `${status} ${STATUS_CODES[status] ?? ""}`;
}

function text({ status, what, detail, fix, code }: Words): string {
  const cause = detail === null ? "" : `Cause: ${visible(detail)}\n`;
  return `${status}\n\nplainwire: ${visible(what)}.\n${cause}What to do: ${fix}.\n\n(This answer is plainwire's own: ${code}.)\n`;
}

function html({ status, what, detail, fix, code }: Words): string {
  const cause = detail === null ? "" : `<p>Cause: <code>${escape(detail)}</code></p>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(status)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em}code{overflow-wrap:anywhere}</style>
<h1>${escape(status)}</h1><p>plainwire: ${escape(what)}.</p>${cause}<p>What to do: ${escape(fix)}.</p>
<p><small>This answer is plainwire's own: <code>${escape(code)}</code>.</small></p></html>
`;
}

function escape(value: string): string {
  return visible(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Control and bidirectional-override characters would change how the rest of the line reads. */
function visible(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\u00b7");
}
