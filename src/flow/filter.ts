/**
 * The filter language: which flows someone wants to see. One parser for the UI, the feed, the command line and the rules.
 * What is not there yet is refused by name, so that no filter ever searches less than it says.
 */

import { type FilterError, FilterSyntaxError, fail } from "./filter-error.ts";
import { FIELDS, aliasCondition, fieldCondition } from "./filter-fields.ts";
import { type Token, tokenize } from "./filter-tokens.ts";

/** What a filter says; only `parseFilter` makes them. */
export type Filter =
  | { readonly type: "all" }
  | { readonly type: "and" | "or"; readonly filters: readonly Filter[] }
  | { readonly type: "not"; readonly filter: Filter }
  | Condition;

export type Condition =
  /** `value` is in lower case. */
  | { readonly type: "text"; readonly field: TextField; readonly op: "contains" | "is"; readonly value: string }
  /** Both ends belong to it. */
  | { readonly type: "status"; readonly low: number; readonly high: number };

export type TextField = "url" | "host" | "method";

/** What a filter looks at: text as people read it, `host` without a port, `status` null as long as there is none. */
export interface FilterFacts {
  readonly url: string;
  readonly host: string;
  readonly method: string;
  readonly status: number | null;
}

export type ParsedFilter =
  | { readonly ok: true; readonly filter: Filter }
  | { readonly ok: false; readonly error: FilterError };

/**
 * Reads a filter: words, "quoted words", field:value, mitmproxy's ~u ~d ~m ~c; juxtaposition or `and`, `or` or `|`, `not`,
 * `!` or `-`, parentheses. The empty text matches every flow. Never throws; text and nesting are bounded.
 */
export function parseFilter(text: string): ParsedFilter {
  try {
    if (text.length > MAX_FILTER_CHARS) fail(MAX_FILTER_CHARS, `a filter has at most ${MAX_FILTER_CHARS} characters`);
    return { ok: true, filter: new Parser(tokenize(text), text.length).whole() };
  } catch (error) {
    if (error instanceof FilterSyntaxError) return { ok: false, error: error.error };
    throw error;
  }
}

/** Case does not count. A flow without a status matches no condition on the status. */
export function matches(filter: Filter, facts: FilterFacts): boolean {
  switch (filter.type) {
    case "all":
      return true;
    case "and":
      return filter.filters.every((one) => matches(one, facts));
    case "or":
      return filter.filters.some((one) => matches(one, facts));
    case "not":
      return !matches(filter.filter, facts);
    case "text": {
      const text = facts[filter.field].toLowerCase();
      return filter.op === "is" ? text === filter.value : text.includes(filter.value);
    }
    case "status":
      return facts.status !== null && facts.status >= filter.low && facts.status <= filter.high;
  }
}

/** By descent, one function a level of binding: or, and, not, condition. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  whole(): Filter {
    if (this.#tokens.length === 0) return { type: "all" };
    const filter = this.#or();
    const rest = this.#tokens[this.#at];
    if (rest) fail(rest.at, "there is no ( for this )");
    return filter;
  }

  #or(): Filter {
    const filters = [this.#and()];
    while (this.#take("or")) filters.push(this.#and());
    return several("or", filters);
  }

  #and(): Filter {
    const filters = [this.#not()];
    while (this.#take("and") || this.#startsCondition()) filters.push(this.#not());
    return several("and", filters);
  }

  #not(): Filter {
    const token = this.#tokens[this.#at];
    if (!this.#take("not")) return this.#condition();
    this.#enter(token);
    const filter = this.#not();
    this.#depth -= 1;
    return { type: "not", filter };
  }

  #condition(): Filter {
    const token = this.#tokens[this.#at];
    if (!token) fail(this.#end, "something is missing at the end");
    this.#at += 1;
    switch (token.type) {
      case "word":
        return { type: "text", field: "url", op: "contains", value: token.text.toLowerCase() };
      case "field":
        return fieldCondition(token);
      case "alias":
        return aliasCondition(token, this.#value(token));
      case "(":
        return this.#group(token);
      default:
        fail(token.at, `a condition is missing before this ${token.type}`);
    }
  }

  #group(open: Token): Filter {
    this.#enter(open);
    const filter = this.#or();
    if (!this.#take(")")) fail(open.at, "there is no ) for this (");
    this.#depth -= 1;
    return filter;
  }

  /** What an alias is about: the next word, whatever it looks like. */
  #value(alias: Token & { type: "alias" }): { text: string; at: number } {
    const token = this.#tokens[this.#at];
    if (token?.type !== "word") fail(alias.at, `~${alias.name} needs a value: ~${alias.name} ${FIELDS.url.example}`);
    this.#at += 1;
    return token;
  }

  #startsCondition(): boolean {
    const type = this.#tokens[this.#at]?.type;
    return type !== undefined && type !== "or" && type !== ")";
  }

  #take(type: Token["type"]): boolean {
    if (this.#tokens[this.#at]?.type !== type) return false;
    this.#at += 1;
    return true;
  }

  #enter(token: Token | undefined): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) fail(token?.at ?? 0, `more than ${MAX_DEPTH} levels deep`);
  }
}

function several(type: "and" | "or", filters: readonly Filter[]): Filter {
  const [first] = filters;
  return filters.length === 1 && first ? first : { type, filters };
}

export const MAX_FILTER_CHARS = 4096;
const MAX_DEPTH = 50;
