/** A record's payload, copied, and parsed when somebody first asks; then the bytes are let go. */
export class Fact<T> {
  #bytes: Uint8Array | null;
  #parse: (bytes: Uint8Array) => T | null;
  #value: T | null = null;

  constructor(payload: Uint8Array, parse: (bytes: Uint8Array) => T | null) {
    this.#bytes = payload.length > MAX_BYTES ? null : payload.slice();
    this.#parse = parse;
  }

  /** Null if it can't be parsed or was too large to keep. */
  get value(): T | null {
    if (this.#bytes !== null) {
      this.#value = this.#parse(this.#bytes);
      this.#bytes = null;
    }
    return this.#value;
  }
}

/** The payload is JSON of the type that `capture/facts` gives for its kind of record. */
export function jsonFact<T>(payload: Uint8Array): Fact<T> {
  return new Fact<T>(payload, parseJson);
}

export function parseJson<T>(bytes: Uint8Array): T | null {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as T;
  } catch {
    return null;
  }
}

/** A certificate chain can be chosen by a hostile upstream; OpenSSL's own limit for a chain is 100 KiB. */
const MAX_BYTES = 512 * 1024;
