/** Where a request wants to go: the authority of CONNECT, and the absolute form of a plain-HTTP proxy request. */

export interface Authority {
  /** A name or a literal address, lower case; IPv6 without brackets and zone. */
  hostname: string;
  port: number;
}

/**
 * The target of CONNECT (RFC 9112 3.2.3): `host:port`, the port is required. Null if it is not a plausible name or
 * address: user information, spaces, controls, non-ASCII, and numbers that only some resolvers take for an address
 * ("127.1", "0x7f000001").
 */
export function parseAuthority(text: string): Authority | null {
  const parsed = splitAuthority(text);
  const port = parsed?.port === undefined ? null : parsePort(parsed.port);
  return parsed === null || port === null ? null : { hostname: parsed.hostname, port };
}

export interface AbsoluteForm extends Authority {
  scheme: "http" | "https";
  /** As sent, for the Host field. */
  authority: string;
  /** Path and query as sent; "/" stands for an empty path. */
  originForm: string;
}

/** RFC 9112 3.2.2. Null for other forms, other schemes, and authorities that {@link parseAuthority} would refuse. */
export function parseAbsoluteForm(target: string): AbsoluteForm | null {
  const [, schemeText, authority, rest] = /^(https?):\/\/([^/?]*)(.*)$/is.exec(target) ?? [];
  if (schemeText === undefined || authority === undefined || rest === undefined) return null;
  const scheme = schemeText.toLowerCase() === "https" ? "https" : "http";
  const parsed = splitAuthority(authority);
  if (parsed === null) return null;
  // RFC 3986 3.2.3: a port may be empty.
  const port = parsed.port === undefined || parsed.port === "" ? DEFAULT_PORTS[scheme] : parsePort(parsed.port);
  if (port === null) return null;
  const originForm = rest.startsWith("/") ? rest : `/${rest}`;
  return { scheme, hostname: parsed.hostname, port, authority, originForm };
}

/** "example.com:8443", "[::1]:8443"; without the port if it is the default. */
export function formatHost(hostname: string, port: number, defaultPort?: number): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return port === defaultPort ? host : `${host}:${port}`;
}

function splitAuthority(text: string): { hostname: string; port: string | undefined } | null {
  // Before anything is lowered: the Kelvin sign, U+212A, would become a "k".
  if (text.length > LONGEST_AUTHORITY || !/^[\x21-\x7e]*$/.test(text)) return null;
  const [, address, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(text.toLowerCase()) ?? [];
  const hostname = address === undefined ? plausibleName(name) : plausibleIPv6(address);
  return hostname === null ? null : { hostname, port };
}

/** A DNS name (with underscores and a final dot, as they occur) or an IPv4 address of four decimal numbers. */
function plausibleName(name: string | undefined): string | null {
  if (name === undefined) return null;
  const relative = name.endsWith(".") ? name.slice(0, -1) : name;
  const labels = relative.split(".");
  if (relative.length > 253 || !labels.every((label) => LABEL.test(label))) return null;
  // https://url.spec.whatwg.org/#ends-in-a-number-checker: resolvers read such names as addresses of their own kinds.
  if (NUMERIC_LABEL.test(labels.at(-1) ?? "")) return IPV4.test(name) ? name : null;
  return name;
}

function plausibleIPv6(text: string): string | null {
  const [, address, zone] = /^([0-9a-f:.]+)(%.*)?$/s.exec(text) ?? [];
  if (address === undefined || (zone !== undefined && !ZONE.test(zone))) return null;
  return URL.canParse(`http://[${address}]/`) ? address : null;
}

function parsePort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? port : null;
}

const DEFAULT_PORTS = { http: 80, https: 443 };
const LONGEST_AUTHORITY = 512;
const LABEL = /^[a-z0-9_-]{1,63}$/;
const NUMERIC_LABEL = /^(?:\d+|0x[0-9a-f]*)$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
/** RFC 6874: "%25" and the zone's name; programs also send a bare "%". */
const ZONE = /^%[a-z0-9._~%-]{1,64}$/;
