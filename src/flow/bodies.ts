/**
 * Recent bodies: one ring of bytes for all flows. New pieces overwrite the oldest.
 *
 * A piece is a header of 16 bytes (f64 position of the body's piece before it, u32 length) and its bytes, padded to 8.
 * Positions count all bytes ever written, so that a piece is still there if its position is within the last lap.
 */

/** One body's count and where its bytes are. */
export class Body {
  /** Wire bytes that passed. */
  wire = 0;
  /** Content bytes, without framing, as the relay counted them when the flow ended; null before. */
  content: number | null = null;
  /** Wire bytes that were put into the ring, from the body's first on. */
  stored = 0;
  /** Positions of its first and last piece, or NONE. */
  first = NONE;
  last = NONE;
  /** Something was left out: what comes after it is not kept, since what is kept is always a beginning. */
  cut = false;
}

export class BodyRing {
  /** Wire bytes that passed and were not put into the ring. */
  dropped = 0;
  readonly #size: number;
  readonly #perBody: number;
  readonly #doubles: Float64Array;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  #next = 0;

  /** Bytes of the ring, and wire bytes kept of one body at most. Memory is taken as it is first used. */
  constructor(size: number, perBody: number) {
    this.#size = Math.max(0, size & ~7);
    this.#perBody = Math.min(perBody, Math.max(0, this.#size - PIECE_HEADER));
    const buffer = new ArrayBuffer(this.#size);
    this.#doubles = new Float64Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** Bytes of the ring in use. */
  get used(): number {
    return Math.min(this.#next, this.#size);
  }

  /** Counts a piece of a body as it passed on the wire, and keeps what may be kept of it. */
  append(body: Body, piece: Uint8Array): void {
    body.wire += piece.length;
    const keep = this.#evicted(body) || body.cut ? 0 : Math.min(piece.length, this.#perBody - body.stored);
    if (keep < piece.length) {
      body.cut = true;
      this.dropped += piece.length - keep;
    }
    if (keep <= 0) return;
    body.last = this.#write(keep === piece.length ? piece : piece.subarray(0, keep), body.last);
    if (body.first === NONE) body.first = body.last;
    body.stored += keep;
  }

  /** Counts wire bytes that passed and were not kept. */
  skip(body: Body, count: number): void {
    body.wire += count;
    body.cut = true;
    this.dropped += count;
  }

  /** How many of the body's wire bytes, from its first on, can be read. All go at once, when the first does. */
  kept(body: Body): number {
    return this.#evicted(body) ? 0 : body.stored;
  }

  /** A copy of what is kept. */
  read(body: Body): Uint8Array {
    const out = new Uint8Array(this.kept(body));
    let end = out.length;
    for (let piece = body.last; end > 0;) {
      const at = piece % this.#size;
      const length = this.#words[(at >> 2) + 2] as number;
      const start = at + PIECE_HEADER;
      end -= length;
      out.set(this.#bytes.subarray(start, start + length), end);
      piece = this.#doubles[at >> 3] as number;
    }
    return out;
  }

  #evicted(body: Body): boolean {
    return body.first !== NONE && body.first < this.#next - this.#size;
  }

  /** Returns the piece's position. Pieces don't wrap: the end of the ring stays unused if they don't fit there. */
  #write(piece: Uint8Array, before: number): number {
    const bytes = PIECE_HEADER + ((piece.length + 7) & ~7);
    let at = this.#next % this.#size;
    if (at + bytes > this.#size) {
      this.#next += this.#size - at;
      at = 0;
    }
    const position = this.#next;
    this.#doubles[at >> 3] = before;
    this.#words[(at >> 2) + 2] = piece.length;
    this.#bytes.set(piece, at + PIECE_HEADER);
    this.#next += bytes;
    return position;
  }
}

const PIECE_HEADER = 16;
const NONE = -1;
