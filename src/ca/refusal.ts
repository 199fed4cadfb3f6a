/** Why a CA is not used. */

/** `message` says what is wrong and why it matters, `fix` what to type. */
export class AuthorityError extends Error {
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.name = "AuthorityError";
    this.fix = fix;
  }
}

/** The platform's words for what went wrong, without a stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** A path as an argument of a POSIX shell. */
export function shellPath(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** The command that has files made anew without losing the old ones. */
export function moveAway(...paths: string[]): string {
  return paths.map((path) => `mv ${shellPath(path)} ${shellPath(`${path}.old`)}`).join(" && ");
}
