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

  /** @param flag the option that names another address */
  static cannotListen(
    address: { host: string; port: number },
    flag: string,
    error: { code?: string; message: string },
  ): EngineError {
    const { host, port } = address;
    switch (error.code) {
      case "EADDRINUSE":
        return new EngineError(`port ${port} on ${host} is in use by another program`, {
          exitCode: 3,
          fix: `stop that program, or choose another port: ${flag} ${host}:0 takes any free one`,
        });
      case "EACCES":
        return new EngineError(`port ${port} may not be opened by this user`, {
          exitCode: 4,
          fix: `choose a port above 1023: ${flag} ${host}:8080`,
        });
      case "EADDRNOTAVAIL":
      case "ENOTFOUND":
        return new EngineError(`${host} is not an address of this machine`, {
          exitCode: 2,
          fix: `use ${flag} 127.0.0.1:${port}`,
        });
      case undefined:
        // The feed's own refusal of an address that others could reach.
        return new EngineError(error.message, { exitCode: 2, fix: `use ${flag} 127.0.0.1:${port}` });
      default:
        return new EngineError(`can't listen on ${host}:${port}: ${error.message}`, {
          exitCode: 1,
          fix: `choose another address with ${flag} HOST:PORT`,
        });
    }
  }
}
