/** The second word of "config print" and its like. */

import { didYouMean } from "../config/nearest.ts";
import type { Arguments } from "./arguments.ts";
import { UsageError } from "./explain.ts";

/** Throws {@link UsageError} if it is none of the names. */
export function subcommand<Name extends string>({ command, words }: Arguments, names: readonly Name[]): Name {
  const [word] = words;
  const found = names.find((name) => name === word);
  if (found !== undefined) return found;
  const expected = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  if (word === undefined) throw new UsageError(`${command} needs one of ${expected}: plainwire ${command} ${names[0]}`);
  throw new UsageError(`${command} knows no ${JSON.stringify(word)}, only ${expected}${didYouMean(word, names)}`);
}
