/** Kinds of values that settings have. Flags and variables bring text, config files may bring numbers. */

import { z } from "zod";

/** An address to listen on; an IPv6 host stands without its brackets. */
export interface HostPort {
  host: string;
  port: number;
}

export const hostPort = z.string("expected HOST:PORT").transform((text, context): HostPort => {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
  return refuse(context, `expected HOST:PORT, such as 127.0.0.1:8080, not ${JSON.stringify(text)}`);
});

/** As flags and config files have it. */
export function hostPortText({ host, port }: HostPort): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Bytes as a number, or as text with a unit: 262144, "256 KiB". */
export const bytes = (least: number) =>
  z.union([z.number(), z.string()], "expected a number of bytes, or text such as 16MiB").transform((value, context) => {
    const parts = /^(\d{1,15}) ?(B|KiB|MiB|GiB)?$/.exec(String(value));
    const size = Number(parts?.[1]) * (UNITS.get(parts?.[2] ?? "B") ?? 1);
    if (Number.isSafeInteger(size) && size >= least) return size;
    const expected = `expected a number of bytes from ${least} up, or text such as 16MiB`;
    return refuse(context, `${expected}, not ${JSON.stringify(value)}`);
  });

export const wholeNumber = (least: number, most: number) =>
  z.union([z.number(), z.string()], "expected a whole number").transform((value, context) => {
    const number = /^\d{1,15}$/.test(String(value)) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    return refuse(context, `expected a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`);
  });

/** Milliseconds. Past an hour a timeout is none, and setTimeout's longest delay is not far (2^31 - 1). */
export const milliseconds = wholeNumber(1, 3_600_000);

export const path = z
  .string("expected a path")
  .min(1, "expected a path, not nothing")
  .refine((text) => !text.includes("\0"), "a path can't hold a NUL byte");

export const onOff = z.boolean("expected true or false");

function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

export const KIB = 1024;
export const MIB = 1024 * KIB;
const UNITS = new Map([
  ["B", 1],
  ["KiB", KIB],
  ["MiB", MIB],
  ["GiB", 1024 * MIB],
]);
