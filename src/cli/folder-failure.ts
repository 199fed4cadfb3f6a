/** What is told when a private folder can't be used. */

import { FolderError } from "../machine/private-folder.ts";
import { EXIT, ToldFailure } from "./explain.ts";

/** Makes a {@link ToldFailure} of a FolderError. */
export function tellFolder<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof FolderError) throw new ToldFailure(error.message, EXIT.permission, error.fix);
    throw error;
  }
}
