import { describe, expect, it } from "vitest";
import type { Destination } from "../../src/capture/facts.ts";
import { Kind } from "../../src/capture/record.ts";
import { createFlowLog } from "../../src/flow/log.ts";
import { connect, get, play, record } from "./tape.ts";

const to = (hostname: string, port: number): Destination => ({ hostname, port });
const evil = "/a\x1b]0;x\x07?q=\xff<script>";

describe("the URL of a request behind CONNECT", () => {
  it.each<[what: string, destination: Destination, tls: boolean, target: string, url: string]>([
    ["leaves out https's port", to("example.com", 443), true, "/a?b=1", "https://example.com/a?b=1"],
    ["names another port", to("example.com", 8443), true, "/", "https://example.com:8443/"],
    ["leaves out http's port", to("example.com", 80), false, "/", "http://example.com/"],
    ["names https's port for http", to("example.com", 443), false, "/", "http://example.com:443/"],
    ["has brackets around IPv6", to("2001:db8::1", 443), true, "/", "https://[2001:db8::1]/"],
    ["has no path for OPTIONS *", to("example.com", 443), true, "*", "https://example.com"],
    ["is an absolute target itself", to("example.com", 443), true, "http://other.test/x", "http://other.test/x"],
    ["is an authority as sent", to("example.com", 443), true, "other.test:443", "other.test:443"],
    ["keeps hostile bytes as they are", to("example.com", 443), true, evil, `https://example.com${evil}`],
    ["keeps two slashes a path", to("example.com", 443), true, "//other.test/", "https://example.com//other.test/"],
  ])("%s", (_, destination, tls, target, url) => {
    const log = createFlowLog({ caPath: "", budgets: { totalBodyBytes: 0 } });
    play(log, ...connect(1, destination, { tls }), get(1, 1, target));
    const { hostname: host, port } = destination;
    expect(log.flow("f_1")).toMatchObject({ url, host, port, scheme: tls ? "https" : "http" });
  });
});

describe("the URL of a plain-HTTP proxy request", () => {
  it.each<[target: string, host: string, port: number]>([
    ["http://example.com/a", "example.com", 80],
    ["http://EXAMPLE.com:8080", "example.com", 8080],
    ["http://[::1]:81/", "::1", 81],
    ["http://user@example.com/", "", 0],
    ["/", "", 0],
    ["ftp://example.com/", "", 0],
    ["", "", 0],
  ])("%j is shown as sent", (target, host, port) => {
    const log = createFlowLog({ caPath: "", budgets: { totalBodyBytes: 0 } });
    play(log, get(1, 1, target));
    expect(log.flow("f_1")).toMatchObject({ url: target, host, port, scheme: "http" });
  });

  it("stays what it was when the same connection goes on with CONNECT and TLS", () => {
    const log = createFlowLog({ caPath: "", budgets: { totalBodyBytes: 0 } });
    const [opened, ...rest] = connect(1, to("example.com", 443));
    play(
      log,
      opened!,
      get(1, 1, "http://plain.test/"),
      record(Kind.exchangeDone, 1, 1, 0, new Uint8Array(40)),
      ...rest,
      get(1, 2),
    );
    expect(log.flow("f_1")).toMatchObject({ url: "http://plain.test/", host: "plain.test", tls: { client: null } });
    expect(log.flow("f_2")).toMatchObject({ url: "https://example.com/", tls: { client: { version: "TLSv1.3" } } });
  });
});
