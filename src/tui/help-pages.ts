/** The help's texts, as lines for the width at hand. `update/keys.ts` and `flow/filter.ts` do what is said here. */

import { FIELDS } from "../flow/filter-fields.ts";
import { type Line, span } from "./document.ts";
import { padEnd } from "./text.ts";

export const HELP_PAGES = [" 1 Keys ", " 2 Filters "] as const;

export function helpLines(page: number, cols: number): Line[] {
  return page === 0 ? keyLines(cols) : filterLines(cols);
}

function keyLines(cols: number): Line[] {
  const columns = cols >= TWO_COLUMNS ? 2 : 1;
  const perColumn = Math.ceil(KEYS.length / columns);
  const width = Math.floor((cols - MARGINS) / columns);
  return KEYS.slice(0, perColumn).map((left, index) => {
    const right = columns === 2 ? KEYS[perColumn + index] : undefined;
    return [...entry(left, KEYS_WIDTH, width), ...(right ? entry(right, KEYS_WIDTH) : [])];
  });
}

function filterLines(cols: number): Line[] {
  const width = cols - MARGINS;
  const fields = Object.entries(FIELDS).map(([name, { example, what }]): Entry => [`${name}:${example}`, what]);
  return [
    ...broken(INTRODUCTION, width).map((text): Line => [span(text)]),
    [],
    ...[...WORDS, ...fields, ...RELATIONS].flatMap(([left, right]) =>
      broken(right, width - FILTERS_WIDTH).map((text, index) => entry([index === 0 ? left : "", text], FILTERS_WIDTH)),
    ),
    [],
    ...broken(NOT_YET, width).map((text): Line => [span(text, "dim")]),
  ];
}

/** Between words. */
function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function entry([left, right]: Entry, at: number, width = 0): Line {
  return [span(padEnd(left, at), "key"), span(padEnd(right, width - at))];
}

type Entry = readonly [left: string, right: string];

const MARGINS = 4;
const TWO_COLUMNS = 76;
const KEYS_WIDTH = 11;
const FILTERS_WIDTH = 22;

const KEYS: readonly Entry[] = [
  ["j k ↓ ↑", "move, scroll"],
  ["PgDn PgUp", "a page; C-d C-u half one"],
  ["g Home", "first flow, or top"],
  ["G End", "newest flow and follow"],
  ["f", "follow new flows, or stop"],
  ["Enter", "open the flow"],
  ["Esc q", "back; q in the list quits"],
  ["Q Ctrl-C", "quit from anywhere"],
  ["/", "filter the list: next page"],
  ["Ctrl-F", "search the list"],
  ["n N", "next, last hit"],
  ["y", "copy URL or curl command"],
  ["1 2 3", "overview, request, response"],
  ["Tab S-Tab", "next, last tab; also ] ["],
  ["v", "body as text, JSON or hex"],
  ["h l ← →", "focus list, focus detail"],
  ["F1", "how to connect a program"],
  ["?", "this help"],
  ["Ctrl-L", "draw the screen anew"],
  ["Ctrl-Z", "suspend; traffic goes on"],
  ["click", "select; again opens; tabs"],
  ["wheel", "scroll"],
  ["Shift-drag", "select text as usual"],
];

const INTRODUCTION =
  "A filter acts while it is typed. Enter keeps it, Esc restores the one before, ↑ ↓ bring back earlier ones, empty shows all. Case does not count.";

const WORDS: readonly Entry[] = [
  ["users", "in the URL (its first 1,024 characters); not in the reason of a failure: Ctrl-F finds that"],
  ['"two words"', 'as they are; \\" is a quote in it'],
];

const RELATIONS: readonly Entry[] = [
  ["host=a.example", "the whole of it; != another one; >= > <= < for status"],
  ["users POST", "both; also: and"],
  ["a or b, a | b", "either; binds less than both"],
  ["not a, -a, !a", "what does not match a"],
  ["(a or b) c", "groups"],
  ["~u ~d ~m ~c", "url, host, method, status as in mitmproxy, but plain text"],
];

const NOT_YET = "Not there yet, and refused by name: regular expressions, sizes, times, headers, bodies, TLS.";
