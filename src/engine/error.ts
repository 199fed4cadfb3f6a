/** Why the engine could not start, with the exit code that says so to scripts (interface.md, section 4). */

export class EngineError extends Error {
  readonly exitCode: number;
  /** What to do about it. */
  readonly fix: string;

  constructor(message: string, { exitCode, fix }: { exitCode: number; fix: string }) {
    super(message);
    this.name = "EngineError";
    this.exitCode = exitCode;
    this.fix = fix;
  }
}
