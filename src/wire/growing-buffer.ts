/** Bytes that are appended piece by piece at amortised linear cost. */
export class GrowingBuffer {
  length = 0;
  private storage: Buffer = NOTHING;

  /** Copies `piece` behind what is there and returns all of it: a view that stays valid after `clear`. */
  append(piece: Uint8Array): Buffer {
    const length = this.length + piece.length;
    if (length > this.storage.length) {
      // Slow: not from Node's pool, whose blocks a view that somebody keeps would hold back.
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.storage.length * 2, SMALLEST));
      larger.set(this.view());
      this.storage = larger;
    }
    this.storage.set(piece, this.length);
    this.length = length;
    return this.view();
  }

  /** Takes `bytes` for all that is there, without copying. */
  adopt(bytes: Buffer): void {
    this.storage = bytes;
    this.length = bytes.length;
  }

  view(): Buffer {
    return this.storage.subarray(0, this.length);
  }

  /** Forgets the bytes. Their memory is not used again, so views of it stay as they are. */
  clear(): void {
    this.storage = NOTHING;
    this.length = 0;
  }
}

const NOTHING = Buffer.alloc(0);
const SMALLEST = 1024;
