/** What upstreams are verified against, and the chains that led there: made once per relay, as it costs milliseconds. */

import { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type TLSSocket } from "node:tls";

export interface CertificateSummary {
  subject: string;
  issuer: string;
  /** ISO 8601 */
  validFrom: string;
  validTo: string;
  /** Upper-case hex, colons between bytes. */
  sha256: string;
  subjectAltName: string | null;
}

export class UpstreamTrust {
  /** Shared by all connections to upstreams. */
  readonly context: SecureContext;
  readonly #roots = new Map<string, X509Certificate>();
  readonly #chains = new Map<string, CertificateSummary[]>();

  /** `roots` are PEM, one certificate each. */
  constructor(roots: readonly string[]) {
    // Named, they replace the defaults, with whatever the environment added to these (NODE_EXTRA_CA_CERTS).
    this.context = createSecureContext({ ca: [...roots], minVersion: "TLSv1.2" });
    for (const pem of roots) {
      const root = new X509Certificate(pem);
      this.#roots.set(root.subject, root);
    }
  }

  /**
   * The chain of a finished handshake, leaf first: what the upstream sent, and the root that it left out.
   *
   * Node's `getPeerCertificate(true)` has the root as well, at half a millisecond a chain, on the way of the first
   * contact with each host; this takes a tenth of that, and what a leaf's chain says is kept.
   */
  chainOf(stream: TLSSocket): CertificateSummary[] {
    const leaf = stream.getPeerX509Certificate();
    if (leaf === undefined) return [];
    const { fingerprint256 } = leaf;
    const known = this.#chains.get(fingerprint256);
    if (known !== undefined) return known;
    const chain = this.#follow(leaf);
    if (this.#chains.size >= MAX_CHAINS) this.#chains.clear();
    this.#chains.set(fingerprint256, chain);
    return chain;
  }

  #follow(leaf: X509Certificate): CertificateSummary[] {
    const chain: CertificateSummary[] = [];
    for (let at: X509Certificate | undefined = leaf; at !== undefined && chain.length < MAX_CHAIN;) {
      chain.push(summarize(at));
      at = at.issuerCertificate ?? this.#rootOf(at);
    }
    return chain;
  }

  #rootOf(certificate: X509Certificate): X509Certificate | undefined {
    const { subject, issuer } = certificate;
    const root = subject === issuer ? undefined : this.#roots.get(issuer);
    return root !== undefined && certificate.checkIssued(root) ? root : undefined;
  }
}

function summarize(certificate: X509Certificate): CertificateSummary {
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    validFrom: certificate.validFromDate.toISOString(),
    validTo: certificate.validToDate.toISOString(),
    sha256: certificate.fingerprint256,
    subjectAltName: certificate.subjectAltName ?? null,
  };
}

const MAX_CHAINS = 1000;
const MAX_CHAIN = 10;
