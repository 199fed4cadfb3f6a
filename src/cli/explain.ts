/** What a failed command says, and the code it ends with (interface.md, section 4). */

import { ConfigError } from "../config/layer.ts";

/** The command line can't be understood. */
export class UsageError extends Error {}

/** A failure that is told in words, without a stack. The message may have several lines; `fix` is a sentence. */
export class ToldFailure extends Error {
  readonly exitCode: number;
  readonly fix: string;
  constructor(message: string, exitCode: number, fix = "") {
    super(message);
    this.exitCode = exitCode;
    this.fix = fix;
  }
}

/** One line a sentence, in the order to be shown. */
export function explain(error: unknown): { lines: string[]; exitCode: number } {
  if (error instanceof ConfigError) return { lines: error.complaints, exitCode: EXIT.usage };
  if (error instanceof UsageError) return { lines: [`${error.message} (see plainwire --help)`], exitCode: EXIT.usage };
  if (isTold(error)) return { lines: withFix(error).split("\n"), exitCode: error.exitCode };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { lines: ["this is a bug in plainwire:", ...text.split("\n")], exitCode: EXIT.unexpected };
}

function withFix({ message, fix }: ToldFailure): string {
  if (fix === "") return message;
  return /^[A-Z]/.test(fix) ? `${message}. ${fix}` : `${message}; ${fix}`;
}

/** The engine's own error is known by its shape: to import its class would load the engine for every `--help`. */
function isTold(error: unknown): error is ToldFailure {
  return error instanceof Error && "exitCode" in error && typeof error.exitCode === "number" && "fix" in error;
}

export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  permission: 4,
  ca: 5,
  notExecutable: 126,
  notFound: 127,
  interrupted: 130,
} as const;
