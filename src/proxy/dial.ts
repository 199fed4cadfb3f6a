/** Opens the TCP connection to an upstream, and says in a word why it could not. */

import net from "node:net";
import type { Dialled, Destination } from "../capture/facts.ts";
import type { FailureCode } from "../errors.ts";

export interface DialOptions {
  timeoutMs: number;
  /** Ports of plainwire's own on this machine: connecting to one is a loop, or a way around the feed's guards. */
  ownPorts: ReadonlySet<number>;
}

export type Dial = { ok: true; socket: net.Socket; facts: Dialled } | { ok: false; failure: DialFailure };

export interface DialFailure {
  code: FailureCode;
  /** The platform's words. */
  detail: string | null;
}

/** Never rejects. The socket is half-open capable, without Nagle's delay, and paused. */
export function dial(destination: Destination, options: DialOptions): Promise<Dial> {
  return new Promise((resolve) => {
    const started = performance.now();
    let resolved = started;
    const socket = net.connect({
      host: destination.hostname,
      port: destination.port,
      allowHalfOpen: true,
      noDelay: true,
    });

    const finish = (result: Dial): void => {
      clearTimeout(timer);
      socket.off("connect", onConnect).off("error", onError).off("lookup", onLookup);
      // Until somebody reads from the socket nobody listens to it; and under TLS its errors arrive twice.
      socket.on("error", ignore);
      if (!result.ok) socket.destroy();
      resolve(result);
    };
    const onLookup = (): void => {
      resolved = performance.now();
    };
    const onConnect = (): void => {
      if (isOwn(socket, options.ownPorts)) return finish({ ok: false, failure: { code: "loop", detail: null } });
      socket.pause();
      const remote = { address: socket.remoteAddress ?? "", port: socket.remotePort ?? destination.port };
      const facts = { destination, remote, dnsMs: resolved - started, connectMs: performance.now() - resolved };
      finish({ ok: true, socket, facts });
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      finish({ ok: false, failure: { code: dialCode(error), detail: detailOf(error) } });
    };
    const timer = setTimeout(() => {
      const detail = `no answer within ${options.timeoutMs / 1000} s`;
      finish({ ok: false, failure: { code: "upstream-timeout", detail } });
    }, options.timeoutMs);

    socket.on("lookup", onLookup).on("connect", onConnect).on("error", onError);
  });
}

/**
 * What is compared is the address that was really reached, so no spelling of it and no name that resolves to it gets
 * around this: 127.0.0.1, [::ffff:127.0.0.1], 0.0.0.0, a decimal address, a name (CVE-2025-23217).
 */
function isOwn(socket: net.Socket, ownPorts: ReadonlySet<number>): boolean {
  const remote = plainAddress(socket.remoteAddress ?? "");
  if (!ownPorts.has(socket.remotePort ?? 0)) return false;
  return remote === plainAddress(socket.localAddress ?? "") || remote === "::1" || remote.startsWith("127.");
}

function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}

function dialCode(error: NodeJS.ErrnoException): FailureCode {
  const code = firstCode(error);
  return DIAL_CODES[code] ?? "upstream-unreachable";
}

/** With several addresses Node reports an AggregateError; its parts have the codes. */
function firstCode(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError) return firstCode((error.errors as NodeJS.ErrnoException[])[0] ?? new Error());
  return error.code ?? "";
}

function detailOf(error: Error): string {
  if (error instanceof AggregateError) return (error.errors as Error[]).map((one) => one.message).join("; ");
  return error.message;
}

function ignore(): void {}

const DIAL_CODES: { [code: string]: FailureCode } = {
  ENOTFOUND: "dns-not-found",
  EAI_NONAME: "dns-not-found",
  EAI_NODATA: "dns-not-found",
  EAI_AGAIN: "dns-failed",
  EAI_FAIL: "dns-failed",
  ESERVFAIL: "dns-failed",
  ETIMEOUT: "dns-failed",
  ECONNREFUSED: "upstream-refused",
  ETIMEDOUT: "upstream-timeout",
  ECONNRESET: "upstream-reset",
};
