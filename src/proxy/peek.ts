/** Reads a stream's first bytes and puts them back. */

import type { Duplex } from "node:stream";

export type Peeked<T> =
  | { outcome: "decided"; value: T; bytes: Buffer }
  /** The peer closed, or reset, before `decide` was sure. */
  | { outcome: "ended"; bytes: Buffer; error: Error | null }
  | { outcome: "timeout"; bytes: Buffer }
  /** `signal` was aborted. */
  | { outcome: "aborted"; bytes: Buffer };

export interface PeekOptions {
  /** Default: as long as it takes. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Calls `decide` with all bytes read so far whenever there are more, until it returns something other than null. The
 * bytes are then back in the stream, which is left paused: nothing is consumed, whatever the outcome.
 *
 * `decide` bounds the bytes: it must decide on any input that is long enough.
 */
export function peek<T>(stream: Duplex, decide: (bytes: Buffer) => T | null, options: PeekOptions): Promise<Peeked<T>> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);

    const finish = (result: Peeked<T>): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      stream.off("readable", onReadable).off("end", onEnd).off("error", onError).off("close", onEnd);
      stream.pause();
      if (bytes.length > 0 && !stream.destroyed && !stream.readableEnded) stream.unshift(bytes);
      resolve(result);
    };
    const onReadable = (): void => {
      let more = false;
      for (let chunk: Buffer | null; (chunk = stream.read() as Buffer | null) !== null; more = true) {
        bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      }
      const value = more ? decide(bytes) : null;
      if (value !== null) finish({ outcome: "decided", value, bytes });
    };
    const onEnd = (): void => finish({ outcome: "ended", bytes, error: null });
    const onError = (error: Error): void => finish({ outcome: "ended", bytes, error });
    const onAbort = (): void => finish({ outcome: "aborted", bytes });
    const onTimeout = (): void => finish({ outcome: "timeout", bytes });
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(onTimeout, options.timeoutMs);

    if (options.signal?.aborted === true) return onAbort();
    if (stream.destroyed) return onEnd();
    options.signal?.addEventListener("abort", onAbort);
    stream.on("readable", onReadable).on("end", onEnd).on("error", onError).on("close", onEnd);
  });
}
