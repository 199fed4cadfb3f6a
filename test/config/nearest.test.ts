import { expect, it } from "vitest";
import { nearest } from "../../src/config/nearest.ts";

const KEYS = ["listen", "feed", "ca", "upstreamCa", "insecure", "json"];

it.each([
  ["lisen", "listen"],
  ["lsiten", "listen"],
  ["Listen", "listen"],
  ["upstream-ca", "upstreamCa"],
  ["fee", "feed"],
  ["jsn", "json"],
  ["proxy", null],
  ["", null],
  ["x", null],
  ["x".repeat(1_000_000), null],
])("%s could have meant %s", (word, found) => {
  expect(nearest(word.slice(0, 1_000_000), KEYS)).toBe(found);
});
