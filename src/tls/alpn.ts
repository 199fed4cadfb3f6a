/** Protocol names for the ALPN extension. */

/**
 * The names, Latin-1 as they were read, as RFC 7301 3.1 lists them on the wire. Node would write names given as text in
 * UTF-8, and throw where that makes one longer than 255 bytes: a client may offer any bytes (RFC 8701 does).
 */
export function protocolList(names: string[]): Buffer {
  return Buffer.concat(names.map((name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name, "latin1")])));
}
