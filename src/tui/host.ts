/** What the UI has of its process: clock, signals, and the ways in which it can end. Tests give it another one. */

export interface Host {
  /** Epoch ms. */
  now(): number;
  /** Calls back once after `ms`; the returned function takes that back. */
  after(ms: number, callback: () => void): () => void;
  onSignal(signal: HostSignal, listener: () => void): () => void;
  /** An error that nobody caught. */
  onCrash(listener: (error: unknown) => void): () => void;
  onExit(listener: () => void): () => void;
  /** Stops the shell's job that this process is in, until it is continued. */
  suspend(): void;
}

export type HostSignal = "SIGTERM" | "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGCONT";

export const processHost: Host = {
  now: Date.now,
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  },
  onCrash: (listener) => {
    process.on("uncaughtException", listener);
    process.on("unhandledRejection", listener);
    return () => {
      process.off("uncaughtException", listener);
      process.off("unhandledRejection", listener);
    };
  },
  onExit: (listener) => {
    process.on("exit", listener);
    return () => process.off("exit", listener);
  },
  // The whole foreground group, as a Ctrl-Z typed outside raw mode would: under `npm start` a shell waits for npm, and
  // would wait on if only this process stopped. The engine is in a group of its own and goes on.
  suspend: () => {
    process.kill(0, "SIGTSTP");
  },
};
