/** Tab 1: what happened, and if it went wrong, why and what to do about it. */

import type { Failed, FlowSummary, Timing, TlsInfo } from "../../flow/events.ts";
import { printable, wireText } from "../../flow/printable.ts";
import { type Line, type Span, span, wrapAll } from "../document.ts";
import type { Known } from "../flows.ts";
import { formatBytes, formatClock, formatDuration } from "../format.ts";
import { TUNNELS } from "../row.ts";
import { type Role, statusRole } from "../theme.ts";

export function overviewLines({ summary, tlsFailed }: Known, width: number): Line[] {
  const lines: Line[] = [
    [span(wire(`${summary.method} ${summary.url}`.trim()), "strong")],
    ...outcome(summary),
    ...(tlsFailed?.alert ? [fact("alert", `the ${tlsFailed.leg} sent the TLS alert ${tlsFailed.alert}`)] : []),
    [],
    fact("started", formatClock(summary.started)),
    fact("client", summary.client.addr),
    fact(
      "upstream",
      summary.upstream
        ? `${summary.upstream.addr}${summary.upstream.reused ? " (connection used before)" : ""}`
        : "never connected",
    ),
    ...(summary.http ? [fact("protocol", `HTTP/${summary.http} over ${summary.scheme}`)] : []),
    ...sizes(summary),
    ...changes(summary),
    ...timings(summary.timing),
    ...tls(summary.tls, summary.scheme),
  ];
  return wrapAll(lines, width, LABEL);
}

function outcome(summary: FlowSummary): Line[] {
  if (summary.error) return failure(summary.error);
  const took = summary.timing.total === null ? "" : ` in ${formatDuration(summary.timing.total)}`;
  if (summary.kind === "tunnel") {
    const why = TUNNELS[summary.tunnel ?? "upgrade"];
    return [[span(`⇅ tunnel: ${why}; ${summary.state === "open" ? "still open" : `closed${took}`}`)]];
  }
  if (summary.status === null) return [[span("… no response yet", "dim")]];
  const status = `${summary.status} ${summary.reason ?? ""}`.trimEnd();
  const whose = summary.res?.ours ? " (plainwire's own page)" : "";
  return [
    [
      span(wire(status), statusRole(summary.status)),
      span(`${whose}${summary.state === "open" ? ", still open" : took}`),
    ],
  ];
}

function failure(error: Failed): Line[] {
  const lines: Line[] = [
    [span("✖ ", "failed"), span(wire(error.reason), "failed")],
    [span("→ ", "badge"), span(detail(error.hint))],
  ];
  if (error.detail !== null) lines.push(fact("reported", error.detail));
  lines.push(fact("where", `${error.step}, ${error.leg} side (${error.code})`));
  if (error.answered !== null)
    lines.push([span(`The client received ${error.answered}, a page from plainwire that says the same.`, "dim")]);
  return lines;
}

function sizes({ req, res }: FlowSummary): Line[] {
  return [fact("request", size(req)), ...(res ? [fact("response", size(res))] : [])];
}

/** Bytes of a body: as content, on the wire, and how many of them can still be looked at. */
function size(message: Pick<FlowSummary["req"], "size" | "wire" | "body">): string {
  if (message.size === 0 && message.wire === 0) return "no body";
  const framed = message.wire === message.size ? "" : `, ${formatBytes(message.wire)} on the wire`;
  const kept =
    message.body && message.body.kept < message.wire
      ? `; kept ${formatBytes(message.body.kept)} of them, the rest can't be shown`
      : "";
  return `${formatBytes(message.size)} of body${framed}${kept}`;
}

function changes({ req }: FlowSummary): Line[] {
  return req.changes.flatMap(({ what, before, after, why }) => [
    fact(
      "changed",
      `${wireText(what)}: ${before === null ? "nothing" : wireText(before)} → ${after === null ? "removed" : wireText(after)} (${why})`,
    ),
  ]);
}

function timings(timing: Timing): Line[] {
  const steps = STEPS.flatMap(([key, label]) => {
    const ms = timing[key];
    return ms === null ? [] : [fact(label, formatDuration(ms))];
  });
  return steps.length === 0 ? [] : [[], [span("Time", "heading")], ...steps];
}

function tls(info: TlsInfo, scheme: FlowSummary["scheme"]): Line[] {
  if (!info.client && !info.upstream && scheme !== "https") return [];
  return [
    [],
    [span("TLS with the client", "heading")],
    ...clientTls(info.client),
    [],
    [span("TLS with the upstream", "heading")],
    ...upstreamTls(info.upstream),
  ];
}

function clientTls(leg: TlsInfo["client"]): Line[] {
  if (!leg) return [[span("not observed", "dim")]];
  return [
    fact("session", session(leg) + (leg.resumed ? ", resumed" : "")),
    fact("asked for", wireText(leg.sni ?? "no name (SNI)")),
  ];
}

function upstreamTls(leg: TlsInfo["upstream"]): Line[] {
  if (!leg) return [[span("not observed", "dim")]];
  const verdict: Line = leg.verified
    ? [label("verdict"), span("✔ verified", "ok")]
    : [
        label("verdict"),
        span(`✖ ${detail(leg.verdict)}`, "failed"),
        span(leg.insecure ? " (relayed all the same: --insecure)" : "", "loud"),
      ];
  return [
    fact("session", session(leg)),
    verdict,
    ...(leg.detail === null ? [] : [fact("reported", leg.detail)]),
    ...leg.chain
      .slice(0, MAX_CHAIN)
      .flatMap((certificate, depth) => [
        fact(depth === 0 ? "leaf" : `issuer ${depth}`, certificate.subject),
        fact("", `valid ${certificate.validFrom} to ${certificate.validTo}`),
        fact("", `issued by ${certificate.issuer}`),
        ...(certificate.subjectAltName === null ? [] : [fact("", certificate.subjectAltName)]),
        fact("", `SHA-256 ${certificate.sha256}`, "dim"),
      ]),
  ];
}

function session(leg: { version: string; cipher: string; alpn: string | null }): string {
  return `${leg.version}, ${leg.cipher}, ${leg.alpn === null ? "no ALPN" : leg.alpn}`;
}

function fact(name: string, value: string, role: Role = "text"): Line {
  return [label(name), span(detail(value), role)];
}

function label(name: string): Span {
  return span(`${name.padEnd(LABEL - 1)} `, "dim");
}

/** All text here may hold a peer's bytes, so all of it goes through this. A certificate's fields may hold line breaks. */
function detail(text: string): string {
  return printable(text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text, "detail");
}

function wire(latin1: string): string {
  return detail(wireText(latin1));
}

const LABEL = 11;
const MAX_CHAIN = 10;
const MAX_VALUE = 8192;
const STEPS: readonly (readonly [keyof Timing, string])[] = [
  ["dns", "DNS"],
  ["connect", "connect"],
  ["tls", "TLS"],
  ["send", "send"],
  ["wait", "wait"],
  ["receive", "receive"],
  ["total", "total"],
];
