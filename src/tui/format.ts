/** Numbers as people read them. */

/** "0b", "11b", "1.2k", "34M": at most five columns. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.max(0, Math.round(bytes))}b`;
  let value = bytes;
  let unit = -1;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${UNITS[unit] ?? ""}`;
}

/** "0.4ms", "84ms", "1.2s", "2m03s": at most six columns up to an hour. */
export function formatDuration(ms: number): string {
  if (ms < 9.95) return `${Math.max(0, ms).toFixed(1)}ms`;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
}

/** "12:01:03", in the machine's own time zone. */
export function formatClock(epochMs: number): string {
  const date = new Date(epochMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "1,204" */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The short name of a media type: "json" for "application/problem+json", "–" for none. */
export function shortType(mime: string | null): string {
  if (!mime) return "–";
  const subtype = mime.slice(mime.indexOf("/") + 1);
  const suffix = subtype.slice(subtype.lastIndexOf("+") + 1);
  return SHORT_TYPES[suffix] ?? suffix.replace(/^(x-|vnd\.)+/, "");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

const UNITS = ["k", "M", "G", "T"];
const SHORT_TYPES: { readonly [subtype: string]: string } = {
  javascript: "js",
  ecmascript: "js",
  "octet-stream": "bin",
  "x-www-form-urlencoded": "form",
  "form-data": "form",
  plain: "text",
  "event-stream": "sse",
};
