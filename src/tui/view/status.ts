/** The top line: where plainwire listens, how much it saw, and what is wrong, the loudest first. */

import { printable } from "../../flow/printable.ts";
import { formatCount } from "../format.ts";
import type { Model } from "../model.ts";
import { perSecond } from "../rate.ts";
import type { Surface } from "../surface.ts";
import { clip } from "../text.ts";
import type { Role } from "../theme.ts";
import { unseen } from "../update/list.ts";

export function drawStatus(surface: Surface, model: Model): void {
  let x = 1;
  for (const [text, role] of segments(model)) {
    const room = surface.cols - x - 1;
    if (room < 4) break;
    x = surface.put(0, x, room, clip(text, room), role) + (x === 1 ? 1 : 2);
  }
  const rate = `${perSecond(model.rate).toFixed(0)} req/s`;
  if (x + rate.length + 1 <= surface.cols) surface.put(0, surface.cols - rate.length - 1, rate.length, rate, "dim");
}

function segments(model: Model): [text: string, role: Role][] {
  const { flows, follow, hello, listing, missed, notice } = model;
  const count = flows.next - 1;
  const shown = listing.filtered ? `${formatCount(listing.size)} of ` : "";
  const { progress } = listing;
  const fresh = unseen(model);
  const parts: [string, Role, boolean][] = [
    ["plainwire ●", "strong", true],
    [" NOT VERIFYING UPSTREAMS ", "loud", hello.insecure],
    [printable(hello.proxy.replace(/^http:\/\//, ""), "list"), "text", true],
    [`${shown}${formatCount(count)} ${count === 1 ? "flow" : "flows"}`, "text", true],
    [`${formatCount(flows.failed)} err`, flows.failed > 0 ? "error" : "text", true],
    [follow ? "▼ follow" : `▼ ${formatCount(fresh)} new`, follow ? "ok" : "badge", follow || fresh > 0],
    [`filtering… ${Math.floor((progress ?? 0) * 100)} %`, "badge", progress !== null],
    [`filter: ${printable(model.filter, "list")}`, "badge", model.filter !== ""],
    [`${formatCount(missed)} events missed`, "badge", missed > 0],
    [printable(notice ?? "", "list"), "badge", notice !== null],
  ];
  return parts.flatMap(([text, role, shown]) => (shown ? [[text, role]] : []));
}
