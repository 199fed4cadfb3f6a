/** The line at the bottom: typing a filter, which acts while it is typed, or a text to search for. */

import { parseFilter } from "../../flow/filter.ts";
import { EMPTY_LINE, type EditedLine, edited, inserted, lineText } from "../line-editor.ts";
import type { Model, Prompt } from "../model.ts";
import { keepInView } from "./list.ts";
import { searchFrom } from "./search.ts";

export function openPrompt(model: Model, kind: Prompt["kind"]): Model {
  const { filter, selected, top, follow } = model;
  const line = kind === "filter" ? { left: filter, right: "" } : EMPTY_LINE;
  const before = { filter, selected, top, follow };
  const place = model.history[kind].length;
  return { ...model, prompt: { kind, line, error: null, place, draft: lineText(line), before } };
}

export function promptKey(model: Model, prompt: Prompt, key: string): Model {
  switch (key) {
    case "enter":
      return accepted(model, prompt);
    case "esc":
      return restored(model, prompt);
    case "up":
    case "C-p":
      return recalled(model, prompt, prompt.place - 1);
    case "down":
    case "C-n":
      return recalled(model, prompt, prompt.place + 1);
    default: {
      const line = edited(prompt.line, key);
      return line ? typed(model, prompt, line) : model;
    }
  }
}

export function promptPaste(model: Model, prompt: Prompt, text: string): Model {
  return typed(model, prompt, inserted(prompt.line, text));
}

/** Goes on with a new filter; `more` says whether there is time. */
export function refilter(model: Model, more: () => boolean): Model {
  model.listing.work(more);
  if (model.prompt?.kind !== "filter") return keepInView(model);
  // Where an earlier filter moved the selection was nobody's choice: while a filter is typed, no key moves it.
  const { selected, top, follow } = model.prompt.before;
  return keepInView({ ...model, selected, top, follow });
}

function typed(model: Model, prompt: Prompt, line: EditedLine): Model {
  const place = model.history[prompt.kind].length;
  return withLine(model, { ...prompt, line, place, draft: lineText(line) });
}

function recalled(model: Model, prompt: Prompt, place: number): Model {
  const entries = model.history[prompt.kind];
  if (place < 0 || place > entries.length) return model;
  return withLine(model, { ...prompt, place, line: { left: entries[place] ?? prompt.draft, right: "" } });
}

/** A line that is no filter leaves the last one that was on. */
function withLine(model: Model, prompt: Prompt): Model {
  if (prompt.kind === "search") return { ...model, prompt };
  const text = lineText(prompt.line);
  const parsed = parseFilter(text);
  if (!parsed.ok) return { ...model, prompt: { ...prompt, error: parsed.error } };
  return filtered({ ...model, prompt: { ...prompt, error: null } }, text, prompt.before);
}

function accepted(model: Model, prompt: Prompt): Model {
  if (prompt.error) return model;
  const text = lineText(prompt.line);
  const entries = model.history[prompt.kind].filter((entry) => entry !== text);
  const history = text.trim() === "" ? entries : [...entries, text].slice(-MAX_HISTORY);
  const closed = { ...model, prompt: null, history: { ...model.history, [prompt.kind]: history } };
  return prompt.kind === "filter" ? closed : searchFrom({ ...closed, search: text }, 0);
}

function restored(model: Model, prompt: Prompt): Model {
  return prompt.kind === "filter"
    ? filtered({ ...model, prompt: null }, prompt.before.filter, prompt.before)
    : { ...model, prompt: null };
}

/** The selection starts from where it was before the typing, so that a wider filter finds it again. */
function filtered(model: Model, text: string, { selected, top, follow }: Prompt["before"]): Model {
  if (text === model.filter) return model;
  const parsed = parseFilter(text);
  if (!parsed.ok) return model;
  model.listing.refilter(parsed.filter);
  return refilter({ ...model, filter: text, selected, top, follow }, once());
}

/** Enough for a few thousand rows: most lists change with the key that was pressed. */
function once(): () => boolean {
  let steps = 0;
  return () => (steps += 1) < FIRST_STEPS;
}

const FIRST_STEPS = 4;
const MAX_HISTORY = 100;
