/** A config file as a layer of settings. */

import fs from "node:fs";
import path from "node:path";
import { JsoncError, type Node, parseJsonc, position, valueOf } from "./jsonc.ts";
import { ConfigError, type Issue, type Layer } from "./layer.ts";

/**
 * Reads a config file. Null if it is optional and not there. Throws {@link ConfigError} if it can't be read or is no
 * JSON object. `shown` is how complaints name it.
 */
export function fileLayer(file: string, need: "optional" | "required", shown: string = file): Layer | null {
  const text = read(file, need, shown);
  if (text === null) return null;
  const at = (index: number): string => {
    const { line, column } = position(text, index);
    return `${shown}:${line}:${column}`;
  };
  const root = parse(text, at);
  const values = valueOf(root);
  if (root.kind !== "object") throw new ConfigError([`${at(root.at)}: expected an object in braces`]);
  return { values: values as Layer["values"], base: path.dirname(file), where: (issue) => at(indexOf(root, issue)) };
}

function read(file: string, need: "optional" | "required", shown: string): string | null {
  try {
    const { size } = fs.statSync(file);
    if (size > LARGEST) throw new ConfigError([`${shown}: larger than 1 MiB: not a config file`]);
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (need === "optional" && (code === "ENOENT" || code === "ENOTDIR")) return null;
    throw new ConfigError([`${shown}: ${code === "ENOENT" ? "there is no such file" : message}`]);
  }
}

function parse(text: string, at: (index: number) => string): Node {
  try {
    return parseJsonc(text);
  } catch (error) {
    if (error instanceof JsoncError) throw new ConfigError([`${at(error.at)}: ${error.message}`]);
    throw error;
  }
}

/** Index of what an issue is about, or of the nearest thing around it. */
function indexOf(root: Node, issue: Issue): number {
  let node = root;
  for (const key of issue.path) {
    const inner = child(node, key);
    if (inner === undefined) break;
    node = inner;
  }
  const member = node.kind === "object" ? node.members.find(({ key }) => key === issue.key) : undefined;
  return member?.at ?? node.at;
}

function child(node: Node, key: string | number): Node | undefined {
  if (node.kind === "object") return node.members.find((member) => member.key === key)?.node;
  if (node.kind === "array" && typeof key === "number") return node.items[key];
  return undefined;
}

const LARGEST = 1_048_576;
