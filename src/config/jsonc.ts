/**
 * JSON with comments and trailing commas, read into a tree that knows where everything stood, so that a complaint can
 * name line and column. Strings and numbers are JSON's own (RFC 8259).
 */

export type Node =
  | ObjectNode
  | { kind: "array"; at: number; items: Node[] }
  | { kind: "scalar"; at: number; value: Scalar };

export interface ObjectNode {
  kind: "object";
  at: number;
  members: Member[];
}

export interface Member {
  key: string;
  /** Where the key stands. */
  at: number;
  node: Node;
}

type Scalar = string | number | boolean | null;

/** What is wrong with the text, and at which index of it. */
export class JsoncError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Reads one document. Throws {@link JsoncError}. */
export function parseJsonc(text: string): Node {
  const reader: Reader = { text, at: text.startsWith("\uFEFF") ? 1 : 0 };
  const node = readValue(reader, 0);
  skip(reader);
  if (reader.at < text.length) throw new JsoncError("expected the end of the file", reader.at);
  return node;
}

/** The plain value of a tree. */
export function valueOf(node: Node): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "array") return node.items.map(valueOf);
  // fromEntries defines properties, so that a key "__proto__" is only a key.
  return Object.fromEntries(node.members.map((member) => [member.key, valueOf(member.node)]));
}

/** Line and column of an index, both from 1; a column counts UTF-16 units, as editors do. */
export function position(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

interface Reader {
  text: string;
  at: number;
}

function readValue(reader: Reader, depth: number): Node {
  skip(reader);
  const { text, at } = reader;
  if (depth > DEEPEST) throw new JsoncError("nested too deeply", at);
  if (text[at] === "{") return readObject(reader, depth);
  if (text[at] === "[") return readArray(reader, depth);
  if (text[at] === '"') return { kind: "scalar", at, value: readString(reader) };
  return { kind: "scalar", at, value: readWord(reader) };
}

function readObject(reader: Reader, depth: number): Node {
  const node: ObjectNode = { kind: "object", at: reader.at++, members: [] };
  while (!closes(reader, "}")) {
    const at = reader.at;
    if (reader.text[at] !== '"') throw new JsoncError('expected a key in double quotes, or "}"', at);
    const key = readString(reader);
    if (node.members.some((member) => member.key === key)) throw new JsoncError(`the key "${key}" stands twice`, at);
    skip(reader);
    if (reader.text[reader.at] !== ":") throw new JsoncError('expected ":" after the key', reader.at);
    reader.at++;
    node.members.push({ key, at, node: readValue(reader, depth + 1) });
    separate(reader, "}");
  }
  reader.at++;
  return node;
}

function readArray(reader: Reader, depth: number): Node {
  const node: Node = { kind: "array", at: reader.at++, items: [] };
  while (!closes(reader, "]")) {
    node.items.push(readValue(reader, depth + 1));
    separate(reader, "]");
  }
  reader.at++;
  return node;
}

function closes(reader: Reader, bracket: string): boolean {
  skip(reader);
  return reader.text[reader.at] === bracket;
}

function separate(reader: Reader, bracket: string): void {
  if (closes(reader, bracket)) return;
  if (reader.text[reader.at] !== ",") throw new JsoncError(`expected "," or "${bracket}"`, reader.at);
  reader.at++;
}

function readString(reader: Reader): string {
  const raw = match(reader, STRING);
  if (raw === null) throw new JsoncError("a text that is not closed, or a bad escape in it", reader.at);
  return JSON.parse(raw) as string;
}

function readWord(reader: Reader): Scalar {
  const raw = match(reader, WORD);
  if (raw === null) throw new JsoncError("expected a value", reader.at);
  return JSON.parse(raw) as Scalar;
}

function skip(reader: Reader): void {
  match(reader, SPACE);
  if (reader.text.startsWith("/*", reader.at)) throw new JsoncError("a comment that is not closed", reader.at);
}

function match(reader: Reader, pattern: RegExp): string | null {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0] ?? null;
  reader.at += found?.length ?? 0;
  return found;
}

// Sticky patterns; lastIndex is set before each use.
// oxlint-disable-next-line no-control-regex -- RFC 8259 section 7 forbids exactly these characters
const STRING = /"(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const SPACE = /(?:[ \t\r\n]|\/\/[^\r\n]*|\/\*[^]*?\*\/)*/y;
const DEEPEST = 32;
