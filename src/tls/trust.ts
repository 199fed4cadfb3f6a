/** The roots that upstreams are verified against. */

import { X509Certificate } from "node:crypto";
import { getCACertificates } from "node:tls";

export interface UpstreamRoots {
  /** PEM, one certificate each, without duplicates: for `tls.setDefaultCACertificates` or a context's `ca`. */
  roots: string[];
  /** How many of plainwire's own CAs were left out, from the system's roots and from `extra`. */
  ownCasRemoved: number;
  /** Sentences for the user about parts of `extra` that are not used. */
  warnings: string[];
}

/**
 * Node's bundled roots, the system's, and `extra`: PEM texts of one or several certificates each.
 *
 * A plainwire CA, also one of an earlier or another install, is never among them: else a stolen CA key would not only
 * fool this machine's clients but also plainwire itself, which they rely on to verify. `own` are the CAs in use, as PEM:
 * they are left out whatever their subject is (a CA that the user brought along), and so is any with the same key.
 *
 * Throws an Error that names what is wrong if a text of `extra` is not made of certificates.
 */
export function upstreamRoots(extra: readonly string[], own: readonly string[] = []): UpstreamRoots {
  const ownKeys = own.map((pem) => new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" }));
  const platform = [...getCACertificates("bundled"), ...getCACertificates("system")];
  const added = extra.flatMap((text, index) => splitPem(text, index));

  // Keyed by the DER in Base64: the same certificate may be wrapped in lines of different length.
  const roots = new Map<string, string>();
  const removed = new Set<string>();
  const warnings = new Set<string>();
  for (const [index, pem] of [...platform, ...added].entries()) {
    const base64 = pem.replaceAll(/-----[A-Z ]+-----|\s/g, "");
    if (roots.has(base64)) continue;
    const der = Buffer.from(base64, "base64");
    if (!isOwnCa(der, ownKeys)) {
      roots.set(base64, pem);
      continue;
    }
    removed.add(base64);
    if (index >= platform.length) warnings.add(OWN_CA_IN_EXTRA);
  }
  return { roots: [...roots.values()], ownCasRemoved: removed.size, warnings: [...warnings] };
}

function splitPem(text: string, index: number): string[] {
  const where = `extra CA ${index + 1}`;
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  if (blocks.length === 0) {
    const key = text.includes("PRIVATE KEY-----") ? "; it holds a private key, which does not belong there" : "";
    throw new Error(`${where} holds no PEM certificate (no "-----BEGIN CERTIFICATE-----")${key}`);
  }
  return blocks.map((block, at) => {
    const certificate = parse(block);
    if (certificate === null) throw new Error(`${where}: certificate ${at + 1} of ${blocks.length} does not parse`);
    return certificate.toString();
  });
}

function parse(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function isOwnCa(der: Buffer, ownKeys: readonly Buffer[]): boolean {
  if (ownKeys.some((spki) => der.includes(spki))) return true;
  // Parsing 150 certificates takes 10 ms, looking for a few bytes in them none.
  return der.includes(OWN_NAME) && hasOwnSubject(new X509Certificate(der));
}

function hasOwnSubject(certificate: X509Certificate): boolean {
  const attributes = certificate.subject.split("\n");
  return attributes.includes("O=plainwire") && attributes.some((line) => line.startsWith(`CN=${OWN_NAME}`));
}

/** How the common names of plainwire's CAs begin, see `ca/root`. */
const OWN_NAME = "plainwire CA (";

const OWN_CA_IN_EXTRA =
  "a plainwire CA among the extra upstream CAs was left out: what it signs is made by a plainwire, and would be trusted without having been verified";
