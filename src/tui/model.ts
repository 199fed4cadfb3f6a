/** Everything that the UI knows. `update` makes the next one, `view` shows it; neither does I/O. */

import type { BodyContent, Hello } from "../feed/client.ts";
import type { FlowId } from "../flow/events.ts";
import type { BodyPart } from "../flow/source.ts";
import type { FilterError } from "../flow/filter-error.ts";
import type { BodyMode } from "./body/content.ts";
import { FlowTable } from "./flows.ts";
import type { EditedLine } from "./line-editor.ts";
import { Listing } from "./listing.ts";
import { type Rate, NO_RATE } from "./rate.ts";
import type { Row } from "./row.ts";
import type { Look } from "./theme.ts";

export interface Model {
  readonly hello: Hello;
  readonly look: Look;
  readonly cols: number;
  readonly rows: number;
  readonly flows: FlowTable;
  /** Which of them the list shows. */
  readonly listing: Listing;
  /** The filter that is on, as it was typed; "" if none is. */
  readonly filter: string;
  /** True while a "refilter" is on its way. */
  readonly filtering: boolean;
  /** What is searched for in the list; "" if nothing is. */
  readonly search: string;
  /** The line that is being typed. Keys go there. */
  readonly prompt: Prompt | null;
  /** What was typed before, oldest first. */
  readonly history: Readonly<Record<Prompt["kind"], readonly string[]>>;
  /** The menu that waits for its next key. */
  readonly menu: "copy" | null;
  /** What just happened, for a few more ticks. */
  readonly toast: Toast | null;
  readonly overlay: "help" | "connect" | null;
  readonly help: { readonly page: number; readonly scroll: number };
  /** True while the selection sticks to the newest flow. */
  readonly follow: boolean;
  /** Ordinal of the selected row; 0 while there is none. Rows are known by ordinal, not by index: they stay where they are. */
  readonly selected: number;
  /** Ordinal of the first row on the screen. */
  readonly top: number;
  /** Newest ordinal that the user had in view when not following; what is above it is "new". */
  readonly seen: number;
  readonly detail: Detail | null;
  /** The body that is on its way, if one is: only one at a time. */
  readonly fetching: BodyKey | null;
  /** Events that the feed had to leave out. */
  readonly missed: number;
  readonly notice: string | null;
  readonly rate: Rate;
}

export interface Prompt {
  readonly kind: "filter" | "search";
  readonly line: EditedLine;
  /** Why the line is no filter; null if it is one. */
  readonly error: FilterError | null;
  /** Place in the history; its length stands for what was typed anew, which is `draft`. */
  readonly place: number;
  readonly draft: string;
  /** What Escape goes back to. */
  readonly before: Pick<Model, "filter" | "selected" | "top" | "follow">;
}

export interface Toast {
  readonly text: string;
  readonly ticks: number;
}

/** The flow that is open. */
export interface Detail {
  readonly flow: FlowId;
  readonly ordinal: number;
  readonly tab: Tab;
  /** True if keys go to the detail, false if to the list beside it. */
  readonly focused: boolean;
  readonly scroll: number;
  /** How to show each body; null means as its type suggests. */
  readonly modes: Readonly<Record<BodyPart, BodyMode | null>>;
  readonly bodies: Readonly<Record<BodyPart, BodyState>>;
}

export type Tab = "overview" | "req" | "res";

export type BodyState =
  | { readonly state: "unasked" }
  | { readonly state: "loading" }
  | { readonly state: "loaded"; readonly content: BodyContent }
  | { readonly state: "failed"; readonly reason: string };

export interface BodyKey {
  readonly flow: FlowId;
  readonly part: BodyPart;
}

export function initialModel(hello: Hello, look: Look, cols: number, rows: number, flows = new FlowTable()): Model {
  return {
    hello,
    look,
    cols,
    rows,
    flows,
    listing: new Listing(flows),
    filter: "",
    filtering: false,
    search: "",
    prompt: null,
    history: { filter: [], search: [] },
    menu: null,
    toast: null,
    overlay: null,
    help: { page: 0, scroll: 0 },
    follow: true,
    selected: 0,
    top: 1,
    seen: 0,
    detail: null,
    fetching: null,
    missed: 0,
    notice: null,
    rate: NO_RATE,
  };
}

/** The row under the cursor; none if the filter lets nothing through. */
export function selectedRow(model: Model): Row | undefined {
  return model.listing.has(model.selected) ? model.flows.row(model.selected) : undefined;
}

export function withToast(model: Model, text: string): Model {
  return { ...model, toast: { text, ticks: TOAST_TICKS } };
}

/** The page that is shown when there is nothing to list, or when it is asked for. */
export function showsConnect(model: Model): boolean {
  return model.overlay === "connect" || (model.overlay === null && model.flows.next === model.flows.first);
}

export const UNASKED: BodyState = { state: "unasked" };
/** Seconds, about. */
const TOAST_TICKS = 6;
