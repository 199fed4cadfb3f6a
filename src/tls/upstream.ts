/** The upstream leg's handshake: originate TLS, verify, and say what was seen. */

import type net from "node:net";
import tls from "node:tls";
import type { FailureCode } from "../errors.ts";
import { protocolList } from "./alpn.ts";
import { detailOf, type HandshakeFailure } from "./failure.ts";
import type { CertificateSummary, UpstreamTrust } from "./upstream-trust.ts";
import { verdictOf } from "./verdict.ts";

export interface OriginateOptions {
  /** Name to ask for and to verify: a host name, or an address (then no SNI is sent, RFC 6066 section 3). */
  name: string;
  /** Protocols to offer, in the client's order; none offered if empty. */
  alpn: string[];
  trust: UpstreamTrust;
  /** Go on in spite of a bad verdict. */
  insecure: boolean;
  timeoutMs: number;
}

/** What the finished handshake showed; the shape of the capture's `UpstreamTls`. */
export interface UpstreamSession {
  version: string;
  cipher: string;
  alpn: string | null;
  servername: string;
  verdict: "verified" | FailureCode;
  detail: string | null;
  insecure: boolean;
  chain: CertificateSummary[];
  handshakeMs: number;
}

export type Originated =
  | { ok: true; stream: tls.TLSSocket; session: UpstreamSession }
  /** `session` is there if the handshake finished and verification failed. Nothing was written, the socket is closed. */
  | { ok: false; failure: HandshakeFailure; session: UpstreamSession | null };

/** Never rejects. The stream is paused. */
export function originate(socket: net.Socket, options: OriginateOptions): Promise<Originated> {
  return new Promise((resolve) => {
    const started = performance.now();
    const isAddress = /^[\d.]+$|:/.test(options.name);
    const stream = tls.connect({
      socket,
      secureContext: options.trust.context,
      // The verdict below decides; this way the chain can be read whatever it is. The environment has no say in it.
      rejectUnauthorized: false,
      host: options.name,
      // RFC 6066 3: without a trailing dot.
      ...(isAddress ? {} : { servername: options.name.replace(/\.$/, "") }),
      ...(options.alpn.length > 0 ? { ALPNProtocols: protocolList(options.alpn) } : {}),
    });

    const finish = (result: Originated): void => {
      clearTimeout(timer);
      stream.off("secureConnect", onSecure).off("error", onError).off("close", onClose);
      // Nobody else listens as long as the client's handshake lasts, and an upstream may reset at any time.
      stream.on("error", ignore);
      if (!result.ok) stream.destroy();
      resolve(result);
    };
    const onSecure = (): void => {
      stream.pause();
      const session = describe(stream, options, performance.now() - started);
      if (session.verdict === "verified" || options.insecure) return finish({ ok: true, stream, session });
      finish({ ok: false, failure: { code: session.verdict, detail: session.detail }, session });
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      finish({ ok: false, failure: { code: verdictOf(error), detail: detailOf(error) }, session: null });
    };
    const onClose = (): void => {
      const detail = "the upstream closed the connection during the handshake";
      finish({ ok: false, failure: { code: "upstream-tls", detail }, session: null });
    };
    const timer = setTimeout(() => {
      const detail = `the handshake did not finish within ${options.timeoutMs / 1000} s`;
      finish({ ok: false, failure: { code: "upstream-timeout", detail }, session: null });
    }, options.timeoutMs);

    stream.on("secureConnect", onSecure).on("error", onError).on("close", onClose);
  });
}

function describe(stream: tls.TLSSocket, options: OriginateOptions, handshakeMs: number): UpstreamSession {
  const { verdict, detail } = judge(stream, options.name);
  return {
    version: stream.getProtocol() ?? "",
    cipher: stream.getCipher().name,
    alpn: stream.alpnProtocol || null,
    servername: options.name,
    verdict,
    detail,
    insecure: options.insecure && verdict !== "verified",
    chain: options.trust.chainOf(stream),
    handshakeMs,
  };
}

function judge(stream: tls.TLSSocket, name: string): { verdict: "verified" | FailureCode; detail: string | null } {
  if (stream.authorized) return { verdict: "verified", detail: null };
  // Typed as an Error, but a code for chain faults and the code of the name check's error (lib/_tls_wrap.js).
  const code = String(stream.authorizationError);
  const nameError = code === NAME_MISMATCH ? tls.checkServerIdentity(name, stream.getPeerCertificate()) : undefined;
  return { verdict: verdictOf({ code, message: code }), detail: nameError?.message ?? code };
}

function ignore(): void {}

const NAME_MISMATCH = "ERR_TLS_CERT_ALTNAME_INVALID";
