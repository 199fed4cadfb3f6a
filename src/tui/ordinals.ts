/** Ordinals of rows in rising order, four bytes each. Nearly all come and go at an end, which costs nothing. */

export class Ordinals {
  #slots = new Int32Array(1024);
  #start = 0;
  #end = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  /** 0 where there is none. */
  at(index: number): number {
    return index < 0 || index >= this.size ? 0 : (this.#slots[this.#start + index] ?? 0);
  }

  /** Index of the first that is not below `ordinal`; `size` if all are. */
  indexOf(ordinal: number): number {
    let low = this.#start;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#slots[middle] ?? 0) < ordinal) low = middle + 1;
      else high = middle;
    }
    return low - this.#start;
  }

  has(ordinal: number): boolean {
    return ordinal !== 0 && this.at(this.indexOf(ordinal)) === ordinal;
  }

  add(ordinal: number): void {
    const index = this.indexOf(ordinal);
    if (this.at(index) === ordinal) return;
    if (this.#end === this.#slots.length) this.#makeRoom();
    const slot = this.#start + index;
    this.#slots.copyWithin(slot + 1, slot, this.#end);
    this.#slots[slot] = ordinal;
    this.#end += 1;
  }

  remove(ordinal: number): void {
    const index = this.indexOf(ordinal);
    if (this.at(index) !== ordinal) return;
    const slot = this.#start + index;
    this.#slots.copyWithin(slot, slot + 1, this.#end);
    this.#end -= 1;
  }

  /** Forgets all below `ordinal`. */
  dropBelow(ordinal: number): void {
    while (this.#start < this.#end && (this.#slots[this.#start] ?? 0) < ordinal) this.#start += 1;
  }

  /** What was dropped in front is room already, if it is much. */
  #makeRoom(): void {
    const kept = this.#slots.subarray(this.#start, this.#end);
    const grown = new Int32Array(Math.max(1024, kept.length * 2));
    grown.set(kept);
    this.#slots = grown;
    this.#start = 0;
    this.#end = kept.length;
  }
}
