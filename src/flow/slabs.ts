/**
 * Memory for heads: many small ones share one slab, because an ArrayBuffer for each costs more than its bytes.
 *
 * A slab lives as long as any span of it, so a span that is kept for long must get memory of its own (`generation`).
 */
export class Slabs {
  /** Counts slabs. A span that is many generations old should be moved out of its slab. */
  generation = 0;
  #slab = new Uint8Array(0);
  #used = 0;

  /** A copy of `bytes`. */
  copy(bytes: Uint8Array): Span {
    const { length } = bytes;
    if (length > OWN_BYTES) return new Span(bytes.slice(), 0, length);
    if (this.#used + length > this.#slab.length) this.#next();
    const at = this.#used;
    this.#used += length;
    this.#slab.set(bytes, at);
    return new Span(this.#slab, at, length);
  }

  #next(): void {
    this.#slab = new Uint8Array(SLAB_BYTES);
    this.#used = 0;
    this.generation++;
  }
}

/** Bytes in a slab: a third of the size of a view, and there are 200,000 of them. */
export class Span {
  readonly length: number;
  #slab: Uint8Array;
  #at: number;

  constructor(slab: Uint8Array, at: number, length: number) {
    this.length = length;
    this.#slab = slab;
    this.#at = at;
  }

  view(): Uint8Array {
    return this.#slab.subarray(this.#at, this.#at + this.length);
  }

  /** Moves the bytes to memory of their own. */
  leaveSlab(): void {
    this.#slab = this.view().slice();
    this.#at = 0;
  }
}

const SLAB_BYTES = 256 * 1024;
/** Larger ones get a buffer of their own, or they would leave much of a slab unused. */
const OWN_BYTES = 32 * 1024;
