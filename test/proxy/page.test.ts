import { describe, expect, it } from "vitest";
import { FAILURES, type FailureCode } from "../../src/errors.ts";
import { failurePage } from "../../src/proxy/page.ts";

const HTML = Buffer.from(
  "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n\r\n",
);
const TEXT = Buffer.from("GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n");
const subject = {
  code: "upstream-refused",
  host: "example.test:9",
  detail: "connect ECONNREFUSED",
  isHead: false,
} as const;

/** What a name, a certificate or an error message of a stranger may hold. */
const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  "</title><script>alert(1)</script>",
  "</style><script>alert(1)</script>",
  "--><script>alert(1)</script>",
  "<!--",
  "]]><script>",
  "<iframe src=javascript:alert(1)>",
  "<a href=javascript:alert(1)>x</a>",
  "<meta http-equiv=refresh content='0;url=//evil'>",
  "<base href=//evil/>",
  "<form action=//evil><input name=x>",
  "<body onload=alert(1)>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
  "&lt;script&gt;",
  "&#60;script&#62;",
  "&amp;lt;",
  "{{constructor.constructor('alert(1)')()}}",
  "${alert(1)}",
  "<%= 1 %>",
  "\u0000<script>",
  "<scr\u0000ipt>",
  "\r\nSet-Cookie: a=1",
  "\r\n\r\n<script>alert(1)</script>",
  "\nplainwire-error: none",
  "\u2028alert(1)\u2029",
  "\u202egnp.exe",
  "\u2066\u2067\u2068x\u2069",
  "\u200b\u200d\ufeff",
  "\u001b[31mred\u001b]0;title\u0007",
  "\u009b31m",
  "\u007f\b\b\b",
  "\ud800 lone",
  "\udc00 lone",
  "\u{e0041}\u{e0042}",
  "+ADw-script+AD4-",
  "\uff1cscript\uff1e",
  "{host} {ca}",
  `${"<".repeat(1000)}`,
];

describe("a page of plainwire's own", () => {
  it.each(HOSTILE.map((text) => [JSON.stringify(text).slice(0, 60), text]))("shows %s as text", (_title, text) => {
    const page = failurePage({ ...subject, host: text, detail: text, requestHead: HTML });
    const body = page.body.toString();
    const plain = failurePage({ ...subject, host: "H", detail: "D", requestHead: HTML }).body.toString();
    // The same tags as on a harmless page: none was added, none was closed.
    expect(body.match(/<[^>]*>/g)).toEqual(plain.match(/<[^>]*>/g));
    expect(body.replaceAll(/<[^>]*>/g, "").replaceAll(/&#\d+;/g, "")).not.toMatch(/[&"]/);
    for (const each of [page, failurePage({ ...subject, host: text, detail: text, requestHead: TEXT })]) {
      expect(each.body.toString()).not.toMatch(/[\p{Cf}\p{Cs}\u2028\u2029]|(?!\n)\p{Cc}/u);
      expect(each.head.toString()).not.toContain("Set-Cookie");
      expect(each.head.toString().match(/plainwire-error: .*/g)).toEqual(["plainwire-error: upstream-refused"]);
    }
  });

  it.each([
    ["HTML if Accept names it", HTML, "text/html; charset=utf-8"],
    ["text if Accept takes anything", TEXT, "text/plain; charset=utf-8"],
    ["text without Accept", Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "text/plain; charset=utf-8"],
    ["text for half a head", Buffer.from("GET / HT"), "text/plain; charset=utf-8"],
    ["HTML whatever the case", Buffer.from("GET / HTTP/1.1\r\naccept: TEXT/HTML\r\n\r\n"), "text/html; charset=utf-8"],
    [
      "text for a type that only looks like it",
      Buffer.from("GET / HTTP/1.1\r\nAccept: text/htmlx\r\n\r\n"),
      "text/plain; charset=utf-8",
    ],
  ])("is %s", (_title, requestHead, type) => {
    expect(failurePage({ ...subject, requestHead }).head.toString()).toContain(`\r\nContent-Type: ${type}\r\n`);
  });

  it("runs nothing, is kept by nobody, and ends the connection", () => {
    const { head } = failurePage({ ...subject, requestHead: HTML });
    expect(head.toString().split("\r\n")).toEqual(
      expect.arrayContaining([
        "HTTP/1.1 502 Bad Gateway",
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
      ]),
    );
  });

  it.each(Object.keys(FAILURES) as FailureCode[])("for %s says what happened and what to do", (code) => {
    const { status, fix } = FAILURES[code];
    // Status 0: nothing can be answered then.
    if (status === 0) return;
    const { head, body } = failurePage({ ...subject, code, requestHead: TEXT });
    expect(head.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`));
    expect(head.toString()).toContain(`\r\nContent-Length: ${body.length}\r\n`);
    expect(body.toString()).toContain(code);
    expect(body.toString()).toContain(fix.slice(0, 20));
    expect(body.toString()).not.toContain("{");
  });
});
