/** The whole frame. Pure: a model in, a surface out. Only what is visible is looked at. */

import { layoutOf, tooSmall } from "../layout.ts";
import { type Model, showsConnect } from "../model.ts";
import { Surface } from "../surface.ts";
import { drawConnect } from "./connect.ts";
import { drawDetail } from "./detail.ts";
import { drawFooter } from "./footer.ts";
import { drawHelp } from "./help.ts";
import { drawList } from "./list.ts";
import { drawStatus } from "./status.ts";

export function view(model: Model): Surface {
  const surface = new Surface(model.cols, model.rows, model.look);
  if (tooSmall(model)) {
    surface.put(0, 0, model.cols, "too small", "badge");
    surface.put(1, 0, model.cols, `${model.cols}x${model.rows}, needs 40x8`, "dim");
    return surface;
  }
  drawStatus(surface, model);
  drawBody(surface, model);
  drawFooter(surface, model);
  return surface;
}

function drawBody(surface: Surface, model: Model): void {
  if (model.overlay === "help") return drawHelp(surface, model);
  if (showsConnect(model)) return drawConnect(surface, model);
  const { list, detail } = layoutOf(model);
  if (list) drawList(surface, model, list);
  if (detail) drawDetail(surface, model, detail);
  if (list && detail && detail.x > 0) drawRule(surface, detail.x - 1);
}

function drawRule(surface: Surface, x: number): void {
  for (let y = 1; y < surface.rows - 1; y += 1) surface.put(y, x, 1, "│", "dim");
}
