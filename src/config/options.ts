/** The settings as a flat list, read from the schema: what flags, help text and tables are made of. */

import { z } from "zod";
import { configSchema, optionMeta, type OptionMeta } from "./schema.ts";
import { KIB, MIB } from "./values.ts";

export interface Option extends OptionMeta {
  /** Keys that lead to it in a config file: ["limits", "headBytes"]. */
  path: string[];
  /** "limits.headBytes" */
  name: string;
  /** "max-head" */
  flag: string;
  /** "BYTES"; empty for a switch. */
  arg: string;
  /** "PLAINWIRE_MAX_HEAD" */
  variable: string;
  kind: "switch" | "text" | "list";
  /** The default as a config file would have it; undefined if it isn't a constant. */
  defaultValue: unknown;
}

export const OPTIONS: readonly Option[] = list(configSchema.shape, []);

/** The default for people: "256 KiB", "127.0.0.1:8080", "off". */
export function defaultText(option: Option): string {
  const { defaultValue } = option;
  if (option.defaultText !== undefined) return option.defaultText;
  if (typeof defaultValue === "boolean") return defaultValue ? "on" : "off";
  if (option.arg !== "BYTES" || typeof defaultValue !== "number") return String(defaultValue);
  return defaultValue % MIB === 0 ? `${defaultValue / MIB} MiB` : `${defaultValue / KIB} KiB`;
}

function list(shape: z.core.$ZodShape, path: string[]): Option[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const inner = unwrap(schema);
    if (inner instanceof z.ZodObject) return list(inner.shape, [...path, key]);
    const meta = optionMeta.get(schema);
    return meta === undefined ? [] : [describe(meta, schema, inner, [...path, key])];
  });
}

function describe(meta: OptionMeta, schema: z.core.$ZodType, inner: z.core.$ZodType, path: string[]): Option {
  const [flag = "", arg = ""] = meta.usage.slice("--".length).split(" ");
  return {
    ...meta,
    path,
    name: path.join("."),
    flag,
    arg,
    variable: `PLAINWIRE_${flag.toUpperCase().replaceAll("-", "_")}`,
    kind: inner instanceof z.ZodBoolean ? "switch" : inner instanceof z.ZodArray ? "list" : "text",
    defaultValue: schema instanceof z.ZodPrefault ? schema.def.defaultValue : undefined,
  };
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional ? schema.def.innerType : schema;
}
