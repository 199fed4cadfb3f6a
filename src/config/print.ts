/** The settings in effect, as a config file would have them. */

import type { Settings } from "./load.ts";
import { OPTIONS } from "./options.ts";
import { type HostPort, hostPortText } from "./values.ts";

/** JSON; with `origins`, a comment after each value says where it comes from. A config file may have both. */
export function settingsText(settings: Settings, origins: ReadonlyMap<string, string> | null): string {
  const leaves = OPTIONS.map(({ path, name }): Leaf => {
    const value = path.reduce<unknown>((at, key) => (at as { [key: string]: unknown })[key], settings);
    const json = escaped(JSON.stringify(isHostPort(value) ? hostPortText(value) : value));
    return { path, json, note: origins === null ? "" : ` // ${escaped(origins.get(name) ?? "default")}` };
  });
  return `{\n${members(leaves, 0)}}\n`;
}

interface Leaf {
  /** Keys that lead to it. */
  path: string[];
  json: string;
  /** A comment with the space before it, or nothing. */
  note: string;
}

/** A line each; those of a group between its braces. All leaves have the same keys before `depth`. */
function members(leaves: Leaf[], depth: number): string {
  const indent = "  ".repeat(depth + 1);
  const groups = [...Map.groupBy(leaves, ({ path }) => path[depth] ?? "")];
  return groups
    .map(([key, group], index) => {
      const comma = index < groups.length - 1 ? "," : "";
      const [first] = group;
      if (first?.path.length === depth + 1) return `${indent}"${key}": ${first.json}${comma}${first.note}\n`;
      return `${indent}"${key}": {\n${members(group, depth + 1)}${indent}}${comma}\n`;
    })
    .join("");
}

/** What could break a line or move a cursor, as JSON writes it. */
function escaped(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    [...Array(character.length).keys()].map((at) => String.raw`\u${hex(character.charCodeAt(at))}`).join(""),
  );
}

const hex = (unit: number): string => unit.toString(16).padStart(4, "0");

const isHostPort = (value: unknown): value is HostPort =>
  typeof value === "object" && value !== null && "port" in value;
