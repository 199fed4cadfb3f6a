/** The help: one of its pages, from where it is scrolled to. */

import { HELP_PAGES, helpLines } from "../help-pages.ts";
import { helpHeight } from "../layout.ts";
import type { Model } from "../model.ts";
import type { Surface } from "../surface.ts";

export function drawHelp(surface: Surface, { help, cols, rows }: Pick<Model, "help" | "cols" | "rows">): void {
  const lines = helpLines(help.page, cols);
  const height = helpHeight({ rows });
  let x = 1;
  HELP_PAGES.forEach((title, page) => {
    x = surface.put(1, x, surface.cols - x, title, page === help.page ? "active" : "dim") + 1;
  });
  const below = lines.length - help.scroll - height;
  if (below > 0) surface.put(1, x + 1, surface.cols - x - 1, `↓ ${below} more`, "dim");
  lines.slice(help.scroll, help.scroll + height).forEach((line, index) => {
    let column = 2;
    for (const { text, role } of line) column = surface.put(2 + index, column, surface.cols - column - 1, text, role);
  });
}
