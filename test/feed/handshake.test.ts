import { describe, expect, it } from "vitest";
import { startFeed } from "../../src/feed/server.ts";
import { FakeFlowSource } from "../support/fake-flow-source.ts";
import { fetchApi, rawExchange, startTestFeed, TOKEN } from "../support/feed.ts";

const BASE64URL = Buffer.from(TOKEN).toString("base64url");

/** A correct upgrade; each row below changes one thing. PORT is the feed's. */
const GOOD = {
  path: "/v1/feed",
  Host: "127.0.0.1:PORT",
  Authorization: `Bearer ${TOKEN}`,
  "Sec-WebSocket-Protocol": "plainwire.feed.v1",
};

type Change = { [name in keyof typeof GOOD | "Origin" | "Sec-Fetch-Site"]?: string | null };

describe("the WebSocket opens", () => {
  const rows: [string, Change][] = [
    ["with the token in Authorization", {}],
    ["whatever the scheme's case", { Authorization: `bearer ${TOKEN}` }],
    ["with the token in the query", { Authorization: null, path: `/v1/feed?token=${encodeURIComponent(TOKEN)}` }],
    [
      "with the token as a subprotocol, which is never echoed",
      { Authorization: null, "Sec-WebSocket-Protocol": `plainwire.feed.v1, plainwire.token.${BASE64URL}` },
    ],
    ["as localhost", { Host: "localhost:PORT" }],
    ["as [::1]", { Host: "[::1]:PORT" }],
    ["as LOCALHOST", { Host: "LOCALHOST:PORT" }],
  ];
  it.each(rows)("%s", async (_title, change) => {
    const answer = await upgrade(change);
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer).toMatch(/sec-websocket-protocol: plainwire\.feed\.v1\r\n/i);
    expect(answer).not.toContain(BASE64URL);
    expect(answer).not.toMatch(/permessage-deflate/);
  });
});

describe("the WebSocket is refused before 101", () => {
  const rows: [string, Change, number, string][] = [
    ["at another path", { path: "/v1/other" }, 404, "not_found"],
    ["at a path that only begins the same", { path: "/v1/feed/" }, 404, "not_found"],
    ["as an absolute-form request, as a proxy gets them", { path: "http://127.0.0.1:PORT/v1/feed" }, 404, "not_found"],
    ["a rebound name", { Host: "evil.example:PORT" }, 421, "wrong_host"],
    ["a name that begins like loopback", { Host: "127.0.0.1.evil.com:PORT" }, 421, "wrong_host"],
    ["another port", { Host: "127.0.0.1:1" }, 421, "wrong_host"],
    ["no port", { Host: "127.0.0.1" }, 421, "wrong_host"],
    ["two Host fields", { Host: "127.0.0.1:PORT\r\nHost: evil.example" }, 421, "wrong_host"],
    ["a user in Host", { Host: "user@127.0.0.1:PORT" }, 421, "wrong_host"],
    ["a web page", { Origin: "https://evil.example" }, 403, "wrong_origin"],
    ["a page on loopback, other port", { Origin: "http://127.0.0.1:3000" }, 403, "wrong_origin"],
    ["a sandboxed page", { Origin: "null" }, 403, "wrong_origin"],
    ["an empty Origin", { Origin: "" }, 403, "wrong_origin"],
    ["a cross-site request without Origin", { "Sec-Fetch-Site": "cross-site" }, 403, "wrong_origin"],
    ["a same-site request from another port", { "Sec-Fetch-Site": "same-site" }, 403, "wrong_origin"],
    ["no subprotocol", { "Sec-WebSocket-Protocol": null }, 400, "wrong_subprotocol"],
    ["another subprotocol", { "Sec-WebSocket-Protocol": "plainwire.feed.v2" }, 400, "wrong_subprotocol"],
    ["no token", { Authorization: null }, 401, "unauthorized"],
    ["a wrong token", { Authorization: "Bearer wrong" }, 401, "unauthorized"],
    ["a token that begins right", { Authorization: `Bearer ${TOKEN}x` }, 401, "unauthorized"],
    ["the beginning of the token", { Authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401, "unauthorized"],
    ["an empty token", { Authorization: "Bearer " }, 401, "unauthorized"],
    ["another scheme", { Authorization: `Basic ${TOKEN}` }, 401, "unauthorized"],
    [
      "a wrong token in Authorization beside a right one in the query",
      { Authorization: "Bearer wrong", path: `/v1/feed?token=${encodeURIComponent(TOKEN)}` },
      401,
      "unauthorized",
    ],
    ["an event that does not exist", { path: "/v1/feed?events=flow.doen" }, 400, "bad_request"],
    ["a position of another run", { path: "/v1/feed?events=flow.done&since=other-1" }, 400, "bad_request"],
  ];
  it.each(rows)("%s", async (_title, change, status, code) => {
    const answer = await upgrade(change);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain("x-content-type-options: nosniff");
    expect(answer).toContain("cache-control: no-store");
    const body = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
    expect(body.error.code).toBe(code);
    expect(answer).not.toContain(TOKEN);
  });

  it("checks in this order: path, Host, Origin, subprotocol, token", async () => {
    const wrong: Change = {
      path: "/x",
      Host: "evil.example",
      Origin: "null",
      "Sec-WebSocket-Protocol": null,
      Authorization: null,
    };
    const statuses = [];
    for (const repaired of ["path", "Host", "Origin", "Sec-WebSocket-Protocol", "Authorization"] as const) {
      statuses.push(Number((await upgrade(wrong)).split(" ")[1]));
      delete wrong[repaired];
    }
    expect(statuses).toEqual([404, 421, 403, 400, 401]);
  });

  it("a handshake without a key, in JSON like the others", async () => {
    const feed = await startTestFeed(new FakeFlowSource());
    const answer = await rawExchange(feed, [
      "GET /v1/feed HTTP/1.1",
      `Host: 127.0.0.1:${feed.port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      `Authorization: Bearer ${TOKEN}`,
      "Sec-WebSocket-Protocol: plainwire.feed.v1",
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"bad_handshake"');
  });
});

describe("the HTTP API makes the same checks for each path", () => {
  const paths = ["/v1/status", "/v1/events", "/v1/flows/f_1", "/v1/flows/f_1/res/body", "/nothing"];
  const rows: [string, Record<string, string>, number][] = [
    ["a rebound name", { host: "evil.example" }, 421],
    ["a web page", { origin: "https://evil.example" }, 403],
    ["a cross-site image or script", { "sec-fetch-site": "cross-site" }, 403],
    ["a wrong token", { authorization: "Bearer wrong" }, 401],
    ["a cookie and no token", { authorization: "", cookie: `token=${TOKEN}` }, 401],
  ];
  it.each(rows)("%s", async (_title, headers, status) => {
    const feed = await startTestFeed(new FakeFlowSource());
    for (const path of paths) expect((await fetchApi(feed, path, headers)).status).toBe(status);
  });

  it("no answer lets other origins read it", async () => {
    const feed = await startTestFeed(new FakeFlowSource());
    for (const path of paths.filter((name) => name !== "/v1/events")) {
      const { headers } = await fetchApi(feed, path);
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect((await fetchApi(feed, "/v1/status", { origin: "null" }, "OPTIONS")).status).toBe(403);
  });
});

describe("the feed listens on loopback only", () => {
  const info = { version: "0", pid: 1, proxy: () => "", ca: "", insecure: false };
  const start = (host: string, port = 0) =>
    startFeed({ listen: { host, port }, token: TOKEN, source: new FakeFlowSource(), info });

  it.each(["0.0.0.0", "::", "192.168.1.20", "example.com", ""])("refuses %j", async (host) => {
    await expect(start(host)).rejects.toThrow(/loopback/);
  });

  it("tells that its port is taken, as the platform does", async () => {
    const feed = await startTestFeed(new FakeFlowSource());
    await expect(start("127.0.0.1", feed.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

async function upgrade(change: Change): Promise<string> {
  const feed = await startTestFeed(new FakeFlowSource());
  const { path, ...fields } = { ...GOOD, ...change };
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  const head = [
    `GET ${path} HTTP/1.1`,
    ...lines,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  return rawExchange(
    feed,
    head.map((line) => line.replaceAll("PORT", String(feed.port))),
  );
}
