/** The names that a leaf can be minted for. */

import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

export interface LeafName {
  /** A host name in lower case and A-labels, or an address in its shortest form: one text for one name. */
  text: string;
  /** The address's 4 or 16 bytes, or null for a host name. */
  address: Buffer | null;
}

/**
 * Reads a host name or an address as a client asked for it. Returns null for anything else: an SNI is bytes that a
 * stranger chose, and a `*` in it would make a wildcard certificate.
 */
export function parseLeafName(text: string): LeafName | null {
  if (text.length > MAX_INPUT) return null;
  if (isIPv4(text)) return { text, address: Buffer.from(text.split(".").map(Number)) };
  const [address = ""] = text.split("%"); // RFC 4007: a zone means something on the client's machine only.
  if (isIPv6(address)) return ipv6Name(address);
  return hostName(text);
}

function ipv6Name(address: string): LeafName {
  // The URL parser writes addresses in their shortest form (RFC 5952), without an IPv4 tail.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail = ""] = text.split("::");
  const before = groups(head);
  const after = groups(tail);
  const zeros = Array<number>(8 - before.length - after.length).fill(0);
  const bytes = [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
  return { text, address: Buffer.from(bytes) };
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

function hostName(text: string): LeafName | null {
  // `domainToASCII` reads a URL's host: it decodes %61, ends at a slash, and turns 1.2 into 1.0.0.2. So it gets only what
  // can be a name, what is ASCII already is taken as it is, and an address that comes out was none that was asked for.
  if (NO_NAME.test(text)) return null;
  const ascii = ASCII.test(text) ? text.toLowerCase() : domainToASCII(text);
  // A client that asks for "example.com." compares the certificate with "example.com".
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  return name.length <= 253 && LABELS.test(name) && !isIPv4(name) ? { text: name, address: null } : null;
}

/** More characters than any name has, in U-labels too. */
const MAX_INPUT = 1024;
// oxlint-disable-next-line no-control-regex -- that is what it is for
const ASCII = /^[\x00-\x7f]*$/;
// oxlint-disable-next-line no-control-regex -- that is what it is for
const NO_NAME = /[\x00-\x2c/:-@[-^`{-\x7f]/;
/** Letters, digits, hyphens; and underscores, which RFC 1123 forbids and people use. */
const LABELS = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/;
