/**
 * The one schema of plainwire's settings. Types, flags, environment variables, `--help`, config.example.json and the
 * README's table all derive from it (`options.ts`); a test fails where one of them lags behind.
 */

import { z } from "zod";
import { bytes, hostPort, KIB, MIB, milliseconds, onOff, path, wholeNumber } from "./values.ts";

export type Config = z.output<typeof configSchema>;

/** What a setting is called outside of config files. */
export interface OptionMeta {
  /** "--ca-dir DIR": the flag, and its value's placeholder unless it is a switch. */
  usage: `--${string}`;
  /** One line without a full stop. */
  description: string;
  /** The default in words, where it isn't a constant. */
  defaultText?: string;
}

/** Which schema is which option. */
export const optionMeta = z.registry<OptionMeta>();

const option = <S extends z.core.$ZodType>(
  schema: S,
  usage: OptionMeta["usage"],
  description: string,
  more: Pick<OptionMeta, "defaultText"> = {},
): S => {
  optionMeta.add(schema, { usage, description, ...more });
  return schema;
};

const ca = z.strictObject({
  dir: option(path.optional(), "--ca-dir DIR", "folder of the CA's certificate and key; created on first start", {
    defaultText: "the data folder",
  }),
});

const limits = z.strictObject({
  headBytes: option(bytes(KIB).prefault(256 * KIB), "--max-head BYTES", "largest head of a request or a response"),
  connections: option(
    wholeNumber(1, 1_000_000).prefault(10_000),
    "--max-connections N",
    "most client connections at a time",
  ),
  connectTimeoutMs: option(
    milliseconds.prefault(15_000),
    "--connect-timeout MS",
    "longest wait for DNS and TCP to the upstream",
  ),
  headTimeoutMs: option(
    milliseconds.prefault(60_000),
    "--head-timeout MS",
    "longest time from a head's first byte to its last",
  ),
  handshakeTimeoutMs: option(milliseconds.prefault(20_000), "--handshake-timeout MS", "longest TLS handshake"),
});

const capture = z.strictObject({
  bodyBytes: option(bytes(0).prefault(MIB), "--capture-body BYTES", "kept of one body, from its beginning"),
  inFlightBytes: option(
    bytes(64 * KIB).prefault(16 * MIB),
    "--capture-in-flight BYTES",
    "records on their way from relay to hub; above it, bodies are not kept",
  ),
  totalBodyBytes: option(bytes(0).prefault(32 * MIB), "--capture-bodies BYTES", "kept of recent bodies in all"),
  ringBytes: option(
    bytes(64 * KIB).prefault(16 * MIB),
    "--capture-ring BYTES",
    "kept of recent events, for late subscribers",
  ),
  flows: option(wholeNumber(1, 10_000_000).prefault(100_000), "--capture-flows N", "flow summaries kept"),
});

export const configSchema = z.strictObject({
  /** For editors; not a setting. */
  $schema: z.string().optional(),
  listen: option(
    hostPort.prefault("127.0.0.1:8080"),
    "--listen HOST:PORT",
    "where the proxy listens; port 0 takes any free one",
  ),
  feed: option(
    hostPort.prefault("127.0.0.1:8081"),
    "--feed HOST:PORT",
    "where the feed and its HTTP API listen; loopback only",
  ),
  ca: ca.prefault({}),
  upstreamCa: option(
    z.array(path, "expected a list of paths").prefault([]),
    "--upstream-ca FILE",
    "CA certificates to trust for upstreams, beside the usual roots; repeatable",
    { defaultText: "none" },
  ),
  insecure: option(
    onOff.prefault(false),
    "--insecure",
    "accept any upstream certificate; the UI and every flow it touched say so",
  ),
  json: option(
    onOff.prefault(false),
    "--json",
    "headless: write each finished flow to standard output, one JSON line each",
  ),
  headless: option(
    onOff.prefault(false),
    "--headless",
    "no terminal UI: one ready line on standard output, logs on standard error",
  ),
  limits: limits.prefault({}),
  capture: capture.prefault({}),
});
