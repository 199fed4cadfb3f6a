import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readElement, readIssuerFacts } from "../../src/ca/der.ts";
import { createTestCa } from "../support/pki.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("the header of a DER element", () => {
  it.each([
    ["a short length", "04 02 aa bb", { tag: 0x04, start: 0, contentStart: 2, end: 4 }],
    ["no content", "05 00", { tag: 0x05, start: 0, contentStart: 2, end: 2 }],
    ["a length in one byte", `04 81 80 ${"00".repeat(128)}`, { tag: 0x04, start: 0, contentStart: 3, end: 131 }],
    ["a length in two bytes", `04 82 01 00 ${"00".repeat(256)}`, { tag: 0x04, start: 0, contentStart: 4, end: 260 }],
  ])("%s", (_title, bytes, expected) => {
    expect(readElement(hex(bytes), 0)).toEqual(expected);
  });

  it.each([
    ["nothing", ""],
    ["a tag alone", "04"],
    ["content that is cut", "04 02 aa"],
    ["a length that is cut", "04 82 01"],
    ["a length of 2^48 and more", "04 87 01 00 00 00 00 00 00"],
    ["an indefinite length", `30 80 ${"00".repeat(200)}`],
  ])("is refused: %s", (_title, bytes) => {
    expect(() => readElement(hex(bytes), 0)).toThrow(RangeError);
  });
});

describe("what a leaf repeats of its issuer", () => {
  const raw = new X509Certificate(createTestCa("Some Root").certPem).raw;

  it("is the subject as it stands there, and the key identifier", () => {
    const facts = readIssuerFacts(raw);
    expect(raw.includes(facts.subject)).toBe(true);
    expect(facts.subject.subarray(0, 1)).toEqual(hex("30"));
    expect(facts.subject.toString("latin1")).toMatch(/Some Root$/);
    expect(facts.subjectKeyIdentifier).toHaveLength(20);
  });

  it("is null where the certificate has no key identifier", () => {
    const bare = new X509Certificate(createTestCa("Bare", { subjectKeyIdentifier: false }).certPem).raw;
    expect(readIssuerFacts(bare).subjectKeyIdentifier).toBeNull();
  });

  it("is refused with a RangeError, never a crash or an endless loop, where bytes are wrong", () => {
    const change = fc.record({ at: fc.nat(raw.length - 1), byte: fc.nat(255), length: fc.nat(raw.length) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const broken = Buffer.from(raw);
        for (const { at, byte } of changes) broken[at] = byte;
        const outcome = attempt(() => readIssuerFacts(broken.subarray(0, Math.max(...changes.map((c) => c.length)))));
        expect(outcome === null || outcome instanceof RangeError).toBe(true);
      }),
    );
  });
});

function attempt(run: () => unknown): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}
