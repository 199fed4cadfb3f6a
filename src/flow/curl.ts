/**
 * A request as a curl command for a POSIX shell. The command is inert: whatever a peer put into the request reaches curl as
 * an argument, byte for byte, and nothing of it is read by the shell, by curl as an option or a file name, or by a terminal.
 */

import type { FlowSummary } from "./events.ts";
import { quoted } from "./shell-quote.ts";

export interface CurlCommand {
  command: string;
  /** What the command does not carry, in fixed words: "Content-Length". */
  leftOut: string[];
}

export interface RequestContent {
  /** As sent: codings not undone. */
  bytes: Uint8Array;
  /** False if something of it is missing. */
  whole: boolean;
}

/** Null if the flow is no HTTP request that curl could send. `content` is null where there was no body. */
export function curlCommand(
  flow: Pick<FlowSummary, "kind" | "method" | "url" | "req">,
  content: RequestContent | null,
): CurlCommand | null {
  const url = /^https?:\/\/([^/?#]*)([^]*)$/.exec(flow.url);
  const [, authority, target] = url ?? [];
  if (flow.kind !== "http" || authority === undefined || target === undefined) return null;
  if (!SENDABLE.test(flow.url) || !TOKEN.test(flow.method)) return null;
  const body = bodyArgument(content);
  const headers = headerArguments(flow.req.headers, authority, body.argument !== null);
  const options = [
    ...methodOptions(flow.method, body.argument !== null),
    ...urlOptions(flow.url, target),
    ...headers.options,
    ...(body.argument === null ? [] : [`--data-raw ${body.argument}`]),
  ];
  const leftOut = [...headers.leftOut, ...body.leftOut];
  // Fixed words without a character that means anything to a shell: some interactive shells run comments.
  const comment = leftOut.length === 0 ? "" : `# left out: ${leftOut.join(", ")}\n`;
  return { command: `${comment}curl ${options.join(" \\\n  ")}`, leftOut };
}

/** curl's own choice is GET, or POST with a body. `-X HEAD` would wait for a body that never comes. */
function methodOptions(method: string, hasBody: boolean): string[] {
  if (method === (hasBody ? "POST" : "GET")) return [];
  return method === "HEAD" && !hasBody ? ["--head"] : [`-X ${quoted(method)}`];
}

/** curl expands [] and {}, resolves dots, drops what follows a #, and refuses blanks: it must do none of it. */
function urlOptions(url: string, target: string): string[] {
  const plain = /^[\x21\x22\x24-\x7e]*$/.test(target) && (target === "" || target.startsWith("/"));
  const shown = plain ? url : `${url.slice(0, url.length - target.length)}/`;
  return [
    quoted(shown),
    ...(/[[\]{}]/.test(shown) ? ["--globoff"] : []),
    ...(/\/\.{1,2}(?:\/|$|\?)/.test(shown) ? ["--path-as-is"] : []),
    ...(plain ? [] : [`--request-target ${quoted(target)}`]),
  ];
}

/** In the order in which they were sent; what curl would add by itself and the client did not send is taken away. */
function headerArguments(headers: FlowSummary["req"]["headers"], authority: string, hasBody: boolean): Headers {
  const options: string[] = [];
  const leftOut = new Set<string>();
  let unsendable = 0;
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const skipped = lower === "host" && value !== authority ? undefined : SKIPPED[lower];
    if (skipped !== undefined) leftOut.add(skipped);
    else if (!TOKEN.test(name) || !SENDABLE.test(value)) unsendable += name.startsWith(":") ? 0 : 1;
    // "Name:" would take the header away; "Name;" sends it empty.
    else options.push(`-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`);
  }
  if (unsendable > 0) leftOut.add(`${unsendable} ${unsendable === 1 ? "header" : "headers"} that curl can not send`);
  const sent = new Set(headers.map(([name]) => name.toLowerCase()));
  const own = ["User-Agent", "Accept", ...(hasBody ? ["Content-Type"] : [])];
  options.push(...own.filter((name) => !sent.has(name.toLowerCase())).map((name) => `-H '${name}:'`));
  return { options, leftOut: [...leftOut] };
}

interface Headers {
  options: string[];
  leftOut: string[];
}

function bodyArgument(content: RequestContent | null): { argument: string | null; leftOut: string[] } {
  if (!content || (content.bytes.length === 0 && content.whole)) return { argument: null, leftOut: [] };
  const size = `${content.bytes.length} bytes`;
  if (!content.whole) return { argument: null, leftOut: ["the body, which is not here in whole"] };
  if (content.bytes.length > MAX_BODY)
    return { argument: null, leftOut: [`the body of ${size}, too long for a command`] };
  const latin1 = Buffer.from(content.bytes).toString("latin1");
  // An argument can't hold a NUL, and what is no text is nothing to read in a command.
  if (latin1.includes("\0") || !isUtf8(content.bytes))
    return { argument: null, leftOut: [`the body of ${size}, which is not text`] };
  return { argument: quoted(latin1), leftOut: [] };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });
/** RFC 9110, section 5.6.2. A name that is none could begin with "@", which curl reads as a file. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
/** No line break, and no NUL, which ends an argument. */
const SENDABLE = /^[^\0\r\n]*$/;
/** Linux takes 128 KiB in one argument, and escapes take four characters a byte. */
const MAX_BODY = 64 * 1024;
/** Made by curl itself, implied by the URL, or meant for the proxy and no one else. */
const SKIPPED: { readonly [name: string]: string } = Object.assign(Object.create(null) as { [name: string]: string }, {
  host: "Host",
  "content-length": "Content-Length",
  "transfer-encoding": "Transfer-Encoding",
  "proxy-authorization": "Proxy-Authorization",
  "proxy-connection": "Proxy-Connection",
});
