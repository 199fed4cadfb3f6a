/** What is wrong with a filter, and where. */

export interface FilterError {
  readonly message: string;
  /** Of the character that is meant, counted from 1. */
  readonly column: number;
  /** What to write instead, where there is something likely: `host`. */
  readonly suggestion?: string;
}

/** Thrown inside the parser only. */
export class FilterSyntaxError extends Error {
  readonly error: FilterError;

  constructor(error: FilterError) {
    super(error.message);
    this.error = error;
  }
}

/** `at` counts from 0. */
export function fail(at: number, message: string, suggestion: string | null = null): never {
  throw new FilterSyntaxError({ message, column: at + 1, ...(suggestion !== null && { suggestion }) });
}
