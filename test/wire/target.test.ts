import { describe, expect, it } from "vitest";
import { formatHost, parseAbsoluteForm, parseAuthority } from "../../src/wire/target.ts";

describe("the target of CONNECT", () => {
  it.each([
    ["example.com:443", "example.com", 443],
    ["EXAMPLE.Com:8443", "example.com", 8443],
    ["localhost:1", "localhost", 1],
    ["a_b.test:65535", "a_b.test", 65535],
    ["example.com.:443", "example.com.", 443],
    ["xn--bcher-kva.example:443", "xn--bcher-kva.example", 443],
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["[::1]:443", "::1", 443],
    ["[2001:DB8::A]:443", "2001:db8::a", 443],
    ["[::ffff:127.0.0.1]:443", "::ffff:127.0.0.1", 443],
    ["[fe80::1%25eth0]:443", "fe80::1", 443],
    ["[fe80::1%eth0]:443", "fe80::1", 443],
  ])("%s", (text, hostname, port) => {
    expect(parseAuthority(text)).toEqual({ hostname, port });
  });

  it.each([
    ["no port", "example.com"],
    ["an empty port", "example.com:"],
    ["port 0", "example.com:0"],
    ["port 65536", "example.com:65536"],
    ["a port with a sign", "example.com:+1"],
    ["a port that is no number", "example.com:https"],
    ["two ports", "example.com:1:2"],
    ["nothing", ""],
    ["no name", ":443"],
    ["user information", "user@example.com:443"],
    ["a path", "example.com:443/"],
    ["a scheme", "https://example.com:443"],
    ["a space", "exa mple.com:443"],
    ["a control character", "exa\x1bmple.com:443"],
    ["a line break", "example.com:443\nx"],
    ["a line break in the port", "example.com:443\n"],
    ["non-ASCII", "b\xfccher.example:443"],
    ["the Kelvin sign, which is a k in lower case", "\u212a.example:443"],
    ["percent-encoding", "ex%61mple.com:443"],
    ["an empty label", "a..b:443"],
    ["a label of 64", `${"a".repeat(64)}.test:443`],
    ["a name of 254", `${"a.".repeat(126)}aa:443`],
    ["an address of one number", "2130706433:443"],
    ["an address of two numbers", "127.1:443"],
    ["an address in hexadecimal", "0x7f.1:443"],
    ["an address in octal", "0177.0.0.1:443"],
    ["an address with 256", "127.0.0.256:443"],
    ["an address with a final dot", "127.0.0.1.:443"],
    ["IPv6 without brackets", "::1:443"],
    ["IPv6 with one bracket", "[::1:443"],
    ["IPv6 of nine groups", "[1:2:3:4:5:6:7:8:9]:443"],
    ["IPv6 that is none", "[example]:443"],
    ["IPv6 with a zone of odd characters", "[fe80::1%e/0]:443"],
    ["something behind the bracket", "[::1]x:443"],
    ["an immense text", "a".repeat(100_000)],
  ])("%s is refused", (_, text) => {
    expect(parseAuthority(text)).toBe(null);
  });
});

describe("a target in absolute form", () => {
  it.each([
    [
      "http://example.com/",
      { scheme: "http", hostname: "example.com", port: 80, authority: "example.com", originForm: "/" },
    ],
    ["http://example.com", { originForm: "/", authority: "example.com" }],
    ["http://example.com?q", { originForm: "/?q", authority: "example.com" }],
    [
      "HTTP://Example.COM:8080/A",
      { scheme: "http", hostname: "example.com", port: 8080, authority: "Example.COM:8080", originForm: "/A" },
    ],
    ["https://example.com/", { scheme: "https", port: 443 }],
    ["http://example.com:/x", { port: 80, authority: "example.com:", originForm: "/x" }],
    ["http://[::1]:81/x", { hostname: "::1", port: 81, authority: "[::1]:81" }],
    ["http://a/../%2e/./b//c", { originForm: "/../%2e/./b//c" }],
    ["http://a/?a=http://b/c?d", { hostname: "a", originForm: "/?a=http://b/c?d" }],
    ["http://a/\\b\xe9#f", { originForm: "/\\b\xe9#f" }],
  ])("%s", (target, expected) => {
    expect(parseAbsoluteForm(target)).toMatchObject(expected);
  });

  it.each([
    ["origin form", "/path"],
    ["authority form", "example.com:443"],
    ["asterisk form", "*"],
    ["another scheme", "ftp://example.com/"],
    ["one slash", "http:/example.com/"],
    ["no authority", "http:///path"],
    ["user information", "http://user:secret@example.com/"],
    ["user information that looks like a host", "http://good.example:80@evil.example/"],
    ["a backslash in the authority", "http://good.example\\@evil.example/"],
    ["a fragment in the authority", "http://good.example#@evil.example/"],
    ["port 0", "http://example.com:0/"],
    ["a port that is no number", "http://example.com:8o/"],
    ["a name that is an address for some", "http://0x7f000001/"],
    ["a space in front", " http://example.com/"],
  ])("%s is not taken for one", (_, target) => {
    expect(parseAbsoluteForm(target)).toBe(null);
  });
});

describe("host and port as text", () => {
  it.each([
    ["example.com", 8443, undefined, "example.com:8443"],
    ["example.com", 443, 443, "example.com"],
    ["example.com", 80, 443, "example.com:80"],
    ["::1", 8443, undefined, "[::1]:8443"],
    ["::1", 443, 443, "[::1]"],
  ])("%s %i, default %s", (hostname, port, defaultPort, expected) => {
    expect(formatHost(hostname, port, defaultPort)).toBe(expected);
  });
});
