import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLeafName } from "../../src/ca/name.ts";

describe("names that a leaf is minted for", () => {
  it.each([
    ["a host name", "example.com", "example.com"],
    ["a single label", "localhost", "localhost"],
    ["capitals", "EXAMPLE.Com", "example.com"],
    ["an underscore", "under_score.test", "under_score.test"],
    ["the root's dot at the end", "example.com.", "example.com"],
    ["an A-label", "xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["a U-label", "bücher.example", "xn--bcher-kva.example"],
    ["a U-label with an ideographic full stop", "例え。テスト", "xn--r8jz45g.xn--zckzah"],
    ["a label of 63 characters", `${"a".repeat(63)}.test`, `${"a".repeat(63)}.test`],
    ["a name of 253 characters", `${"a".repeat(49)}.`.repeat(5) + "abc", `${"a".repeat(49)}.`.repeat(5) + "abc"],
    ["an IPv4 address", "192.0.2.1", "192.0.2.1"],
    ["an IPv6 address", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["the unspecified address", "::", "::"],
    ["an IPv4-mapped address", "::ffff:192.0.2.1", "::ffff:c000:201"],
    ["an IPv6 address with a zone", "fe80::1%eth0", "fe80::1"],
    ["what looks like an address and is none", "1.2", "1.2"],
    ["a percent sign's victim", "ex%61mple.com", null],
    ["a slash's victim", "0/ß", null],
    ["digits of another width, which make an address", "１.2.3.4", null],
    ["an address with a dot at its end", "192.0.2.1.", null],
    ["nothing", "", null],
    ["a dot", ".", null],
    ["an empty label", "a..b", null],
    ["a wildcard", "*.com", null],
    ["a star", "*", null],
    ["a label of 64 characters", `${"a".repeat(64)}.test`, null],
    ["a name of 254 characters", `${"a".repeat(49)}.`.repeat(5) + "abcd", null],
    ["a space", "exa mple.com", null],
    ["a line feed", "example.com\n", null],
    ["an escape sequence", "\u001b[31mred", null],
    ["a NUL", "example.com\0.evil.test", null],
    ["a slash", "example.com/path", null],
    ["a port", "example.com:443", null],
    ["user information", "user@example.com", null],
    ["an IPv6 address in brackets", "[::1]", null],
    ["only a zone", "%eth0", null],
    ["a zone after a host name", "example.com%eth0", null],
    ["a text longer than any name", "é".repeat(10_000), null],
  ])("%s", (_title, text, expected) => {
    expect(parseLeafName(text)?.text ?? null).toBe(expected);
  });

  it("are letters, digits, hyphens, underscores and dots, or an address, whatever a stranger sends", () => {
    const nearly = fc.string({ unit: fc.constantFrom(...Array.from("aZ09-_..:%*[]/@ é。٣ß\0\n")) });
    const anything = fc.array(fc.nat(0x10ffff), { maxLength: 40 }).map((codes) => String.fromCodePoint(...codes));
    const hostile = fc.oneof(anything, nearly, fc.ipV4Extended(), fc.ipV6());
    fc.assert(
      fc.property(hostile, (text) => {
        const name = parseLeafName(text);
        if (name === null) return;
        expect(name.text).toMatch(name.address?.length === 16 ? /^[0-9a-f:]+$/ : /^[a-z0-9_.-]{1,253}$/);
        expect(parseLeafName(name.text)).toEqual(name);
      }),
    );
  });

  it("have one text for one IPv6 address, and the address's own bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const groups = Array.from({ length: 8 }, (_, at) =>
          Buffer.from(bytes)
            .readUInt16BE(at * 2)
            .toString(16),
        );
        const padded = groups.map((group) => group.padStart(4, "0").toUpperCase());
        const name = parseLeafName(groups.join(":"));
        expect(name?.address).toEqual(Buffer.from(bytes));
        expect(parseLeafName(padded.join(":"))).toEqual(name);
      }),
    );
  });
});
