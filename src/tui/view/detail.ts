/** The open flow: its tabs, and the part of the open one that is scrolled to. */

import { detailDocument } from "../detail-document.ts";
import { formatCount } from "../format.ts";
import type { Rect } from "../layout.ts";
import type { Model } from "../model.ts";
import type { Surface } from "../surface.ts";
import { TABS, TAB_GAP } from "../tabs.ts";

export function drawDetail(surface: Surface, model: Model, area: Rect): void {
  const { detail } = model;
  if (!detail) return;
  const content = detailDocument(model);
  const height = area.rows - 1;
  const below = Math.max(0, content.length - detail.scroll - height);
  drawTabs(surface, model, area, below);
  for (let index = 0; index < height; index += 1) {
    let x = area.x + 1;
    const end = area.x + area.cols - 1;
    for (const { text, role } of content.line(detail.scroll + index)) {
      x = surface.put(area.y + 1 + index, x, end - x, text, role);
    }
  }
}

function drawTabs(surface: Surface, model: Model, area: Rect, below: number): void {
  const { detail } = model;
  surface.fill(area.y, area.x, area.x + area.cols, "dim", false, "─");
  let x = area.x + TAB_GAP;
  for (const { tab, label } of TABS) {
    const active = tab === detail?.tab;
    x =
      surface.put(area.y, x, area.x + area.cols - x, label, active ? (detail?.focused ? "active" : "strong") : "dim") +
      TAB_GAP;
  }
  const place = ` #${detail?.ordinal ?? 0}${below > 0 ? `  ↓ ${formatCount(below)} more` : ""} `;
  const right = area.x + area.cols - place.length - 1;
  if (right > x) surface.put(area.y, right, place.length, place, "dim");
}
