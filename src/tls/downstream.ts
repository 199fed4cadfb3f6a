/** The client leg's handshake: terminate TLS with a leaf for the asked name. */

import type { Duplex } from "node:stream";
import tls from "node:tls";
import { protocolList } from "./alpn.ts";
import { detailOf, type HandshakeFailure } from "./failure.ts";
import { alertOf, isRejection } from "./verdict.ts";

export interface TerminateOptions {
  context: tls.SecureContext;
  /** The one protocol to agree to, or null to answer without ALPN. */
  alpn: string | null;
  timeoutMs: number;
}

export type Terminated = { ok: true; stream: tls.TLSSocket } | { ok: false; failure: HandshakeFailure };

/** Never rejects. Expects the client's ClientHello still in `socket`. The stream is paused. */
export function terminate(socket: Duplex, options: TerminateOptions): Promise<Terminated> {
  return new Promise((resolve) => {
    const stream = new tls.TLSSocket(socket, {
      isServer: true,
      secureContext: options.context,
      ...(options.alpn === null ? {} : { ALPNProtocols: protocolList([options.alpn]) }),
    });

    const finish = (result: Terminated): void => {
      clearTimeout(timer);
      stream.off("secure", onSecure).off("error", onError).off("close", onClose);
      stream.off("readable", onReadable).off("end", onClose);
      // An error that came with the handshake's last bytes is reported before anybody else can listen.
      stream.on("error", ignore);
      if (!result.ok) stream.destroy();
      resolve(result);
    };
    const onSecure = (): void => {
      stream.pause();
      finish({ ok: true, stream });
    };
    const onError = (error: NodeJS.ErrnoException): void => finish({ ok: false, failure: clientFailure(error) });
    // Node's own client and Java close without an alert when they do not trust a certificate (wire.md 3.5).
    const onClose = (): void => {
      const detail = "the client closed the connection after it saw plainwire's certificate";
      finish({ ok: false, failure: { code: "client-untrusting", detail } });
    };
    // Only who reads sees the end. Before "secure" there is nothing else to be read.
    const onReadable = (): void => void stream.read(0);
    const timer = setTimeout(() => {
      const detail = `the handshake did not finish within ${options.timeoutMs / 1000} s`;
      finish({ ok: false, failure: { code: "client-tls", detail } });
    }, options.timeoutMs);

    stream.on("secure", onSecure).on("error", onError).on("close", onClose);
    stream.on("readable", onReadable).on("end", onClose);
  });
}

function clientFailure(error: NodeJS.ErrnoException): HandshakeFailure {
  const alert = alertOf(error);
  // A reset instead of Finished is how GnuTLS and BoringSSL clients refuse (wire.md 3.5).
  const isRefusal = alert === null ? error.code === "ECONNRESET" : isRejection(alert);
  return { code: isRefusal ? "client-untrusting" : "client-tls", detail: detailOf(error) };
}

function ignore(): void {}
