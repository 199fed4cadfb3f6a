/**
 * The rows that the list shows, in order: all of the table, or those that a filter lets through. Like the table it belongs
 * to the model and changes in place. A new filter is tried on the rows bit by bit, and until it was tried on all of them the
 * list shows what it showed before.
 */

import { type Filter, matches } from "../flow/filter.ts";
import type { FlowTable } from "./flows.ts";
import { Ordinals } from "./ordinals.ts";

export class Listing {
  readonly #table: FlowTable;
  /** Null stands for all rows. */
  #shown: { filter: Filter; ordinals: Ordinals } | null = null;
  /** `at` is the ordinal to try next. */
  #coming: { filter: Filter; ordinals: Ordinals; at: number } | null = null;

  constructor(table: FlowTable) {
    this.#table = table;
  }

  /** Rows in the list. */
  get size(): number {
    return this.#shown ? this.#shown.ordinals.size : this.#table.next - this.#table.first;
  }

  /** False if the list is all of the table. */
  get filtered(): boolean {
    return this.#shown !== null;
  }

  /** Ordinal of the row at a place, counted from 0; 0 where there is none. */
  at(index: number): number {
    if (this.#shown) return this.#shown.ordinals.at(index);
    return index < 0 || index >= this.size ? 0 : this.#table.first + index;
  }

  /** Place of a row, or of the next one below that is in the list; `size` if there is none. */
  indexOf(ordinal: number): number {
    if (this.#shown) return this.#shown.ordinals.indexOf(ordinal);
    return Math.max(0, Math.min(ordinal - this.#table.first, this.size));
  }

  has(ordinal: number): boolean {
    return this.#shown ? this.#shown.ordinals.has(ordinal) : this.#table.row(ordinal) !== undefined;
  }

  /** A row is new, or what it says has changed. */
  changed(ordinal: number): void {
    if (this.#shown) this.#file(this.#shown, ordinal);
    if (this.#coming && ordinal < this.#coming.at) this.#file(this.#coming, ordinal);
  }

  /** Begins to apply a filter; {@link work} does it. */
  refilter(filter: Filter): void {
    this.#coming = null;
    if (filter.type === "all") this.#shown = null;
    else this.#coming = { filter, ordinals: new Ordinals(), at: this.#table.first };
  }

  /** How much of the rows a new filter was tried on, from 0 to 1; null if none is being applied. */
  get progress(): number | null {
    const { first, next } = this.#table;
    return this.#coming && (this.#coming.at - first) / Math.max(1, next - first);
  }

  /** Tries the new filter on more rows as long as `more` says so; it is asked every few hundred rows. */
  work(more: () => boolean): void {
    const coming = this.#coming;
    if (!coming) return;
    coming.at = Math.max(coming.at, this.#table.first);
    do {
      const end = Math.min(coming.at + STEP, this.#table.next);
      for (; coming.at < end; coming.at += 1) this.#file(coming, coming.at);
      if (coming.at < this.#table.next) continue;
      this.#shown = coming;
      this.#coming = null;
      return;
    } while (more());
  }

  #file({ filter, ordinals }: { filter: Filter; ordinals: Ordinals }, ordinal: number): void {
    const row = this.#table.row(ordinal);
    if (row && matches(filter, row)) ordinals.add(ordinal);
    else ordinals.remove(ordinal);
    ordinals.dropBelow(this.#table.first);
  }
}

const STEP = 512;
