/** One source of settings, and how to say where something in it stands. */

export interface Layer {
  /** As the source has them, unchecked. */
  values: { [key: string]: unknown };
  /** Folder that relative paths in it start from. */
  base: string;
  /** "plainwire.config.json:3:5", "--listen", "PLAINWIRE_LISTEN" */
  where(issue: Issue): string;
}

export interface Issue {
  path: (string | number)[];
  /** The unknown key at that path, if that is the issue. */
  key?: string;
}

/** The settings can't be used. `complaints` say what and where, a sentence each. */
export class ConfigError extends Error {
  readonly complaints: string[];
  constructor(complaints: string[]) {
    super(complaints.join("\n"));
    this.complaints = complaints;
  }
}
