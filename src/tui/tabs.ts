/** The tabs of an open flow, and where they stand in their row. */

import type { Tab } from "./model.ts";

export const TABS: readonly { readonly tab: Tab; readonly label: string }[] = [
  { tab: "overview", label: " 1 Overview " },
  { tab: "req", label: " 2 Request " },
  { tab: "res", label: " 3 Response " },
];

/** Columns before the first tab, and between one and the next. */
export const TAB_GAP = 1;

/** The tab at column `x` of their row, or null. */
export function tabAt(x: number): Tab | null {
  let start = TAB_GAP;
  for (const { tab, label } of TABS) {
    if (x >= start && x < start + label.length) return tab;
    start += label.length + TAB_GAP;
  }
  return null;
}
