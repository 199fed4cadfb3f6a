import { describe, expect, it } from "vitest";
import { closedPort, connectRequest, ESTABLISHED, startRelay, startUpstream, UPSTREAM_CA } from "../support/relay.ts";
import { settle, until } from "../support/until.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const get = (authority: string, path = "/"): string =>
  `GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
const seen = (authority: string, path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;

describe("plain-HTTP proxying", () => {
  it("sends each request to the host that it names, over one connection as long as that stays the same", async () => {
    const [relay, a, b] = [await startRelay(), await startUpstream(), await startUpstream()];
    const client = await relay.connect();
    client.sends(get(a.authority, "/1"));
    const first = await a.accepts();
    await first.receives(seen(a.authority, "/1"));
    first.sends(OK);
    await client.receives(OK);

    client.sends(get(a.authority, "/2"));
    await first.receives(seen(a.authority, "/2"));
    first.sends(OK);
    await client.receives(OK);

    client.sends(get(b.authority, "/3"));
    const second = await b.accepts();
    await second.receives(seen(b.authority, "/3"));
    await first.seesEnd();
    second.sends(OK);
    await client.receives(OK);
    expect([a.accepted(), b.accepted()]).toEqual([1, 1]);
    await relay.tape.shows(
      ...["/1", "/2", "/3"].map((path) => [
        `> GET http://${path === "/3" ? b.authority : a.authority}${path} HTTP/1.1`,
        "changed",
        ...(path === "/2" ? [] : ["dialled"]),
        "< HTTP/1.1 200 OK",
        "< body: ok",
        "done",
      ]),
    );
  });

  it("serves requests in one segment one after the other", async () => {
    const [relay, a, b] = [await startRelay(), await startUpstream(), await startUpstream()];
    const client = await relay.connect();
    const post = `POST http://${b.authority}/ HTTP/1.1\r\nHost: ${b.authority}\r\nContent-Length: 5\r\n\r\nhello`;
    client.sends(get(a.authority) + post + get(a.authority));
    const first = await a.accepts();
    await first.receives(seen(a.authority));
    expect(b.accepted()).toBe(0);
    first.sends(OK);
    const second = await b.accepts();
    await second.receives(`POST / HTTP/1.1\r\nHost: ${b.authority}\r\nContent-Length: 5\r\n\r\nhello`);
    second.sends(OK);
    const third = await a.accepts();
    await third.receives(seen(a.authority));
    third.sends(OK);
    await client.receives(OK + OK + OK);
  });

  it("what the host before still sends never answers a request to another host", async () => {
    const [relay, a, b] = [await startRelay(), await startUpstream(), await startUpstream()];
    const client = await relay.connect();
    client.sends(get(a.authority));
    const first = await a.accepts();
    await first.receives(seen(a.authority));
    first.sends(OK);
    await client.receives(OK);
    // Both are on their way at once: the next request, and a forged answer to it.
    client.sends(get(b.authority));
    first.sends("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
    const answered = client.receivesRest();
    const second = await Promise.race([b.accepts(), answered]);
    // Where the forged answer came first, the connection is closed instead.
    if (typeof second === "string") expect(second).toBe("");
    else second.sends("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue").ends();
    expect(await answered).not.toContain("forged");
  });

  it("the host before may close while the next one is dialled", async () => {
    const [relay, a, b] = [await startRelay(), await startUpstream(), await startUpstream()];
    const client = await relay.connect();
    client.sends(get(a.authority) + get(b.authority));
    const first = await a.accepts();
    await first.receives(seen(a.authority));
    first.sends(OK).ends();
    const second = await b.accepts();
    second.sends(OK);
    await client.receives(OK + OK);
  });

  it("a client may send a request with a body, and end, before anything is dialled", async () => {
    const [relay, a] = [await startRelay(), await startUpstream()];
    const client = await relay.connect();
    client.sends(`POST http://${a.authority}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`).ends();
    const upstream = await a.accepts();
    expect(await upstream.receivesRest()).toBe(
      `POST / HTTP/1.1\r\nHost: ${a.authority}\r\nContent-Length: 5\r\n\r\nhello`,
    );
    upstream.sends(OK).ends();
    expect(await client.receivesRest()).toBe(OK);
    expect(relay.tape.lines(1).at(-1)).toBe("done");
  });

  it("a client may send several requests, and end, before anything is dialled", async () => {
    const [relay, a] = [await startRelay(), await startUpstream()];
    const client = await relay.connect();
    client.sends(get(a.authority, "/1") + get(a.authority, "/2")).ends();
    const upstream = await a.accepts();
    await upstream.receives(seen(a.authority, "/1"));
    upstream.sends(OK);
    await upstream.receives(seen(a.authority, "/2"));
    upstream.sends(OK);
    expect(await client.receivesRest()).toBe(OK + OK);
  });

  it("a client that goes away while its host is dialled leaves nothing open", async () => {
    const [relay, a] = [await startRelay(), await startUpstream()];
    const client = await relay.connect();
    client.sends(get(a.authority)).resets();
    await until(
      () => relay.tape.flows().every((flow) => relay.tape.isOver(flow)),
      () => "the flow's end",
    );
    await settle();
    for (const socket of a.sockets)
      await until(
        () => socket.readableEnded || socket.destroyed,
        () => "the upstream to be let go",
      );
  });

  it("CONNECT may follow plain requests on the same connection", async () => {
    const [relay, a, b] = [await startRelay(), await startUpstream(), await startUpstream()];
    const client = await relay.connect();
    client.sends(get(a.authority) + connectRequest(b.authority) + seen("inner"));
    const first = await a.accepts();
    await first.receives(seen(a.authority));
    expect(b.accepted()).toBe(0);
    first.sends(OK);
    await client.receives(OK + ESTABLISHED);
    const second = await b.accepts();
    await second.receives(seen("inner"));
    await first.seesEnd();
    second.sends(OK);
    await client.receives(OK);
  });

  it("a host that refuses is told by a page that names it", async () => {
    const relay = await startRelay();
    const authority = `127.0.0.1:${await closedPort()}`;
    const client = await relay.connect();
    client.sends(get(authority));
    const page = await client.receivesRest();
    expect(page).toMatch(/^HTTP\/1\.1 502 .*plainwire-error: upstream-refused\r\n/s);
    expect(page).toContain(authority);
    await relay.tape.shows([
      expect.stringContaining("> GET"),
      "changed",
      "< plainwire's own",
      "< HTTP/1.1 502 Bad Gateway",
      expect.any(String),
      "failed: upstream-refused, answered",
    ]);
  });

  it("credentials for the proxy and an upgrade to h2c stay here; what was changed is on the flow", async () => {
    const [relay, a] = [await startRelay(), await startUpstream()];
    const client = await relay.connect();
    const fields =
      "Proxy-Authorization: Basic c2VjcmV0\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n";
    client.sends(`GET http://${a.authority}/ HTTP/1.1\r\nHost: other\r\n${fields}\r\n`);
    const upstream = await a.accepts();
    await upstream.receives(seen(a.authority));
    expect(relay.tape.changes(1).map(({ what }) => what)).toEqual([
      "target",
      "Host",
      "Proxy-Authorization",
      "Connection",
      "Upgrade",
      "HTTP2-Settings",
    ]);
    // An upstream that switches all the same was not asked to.
    upstream.sends("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    expect(await client.receivesRest()).toMatch(/^HTTP\/1\.1 502 .*plainwire-error: response-malformed\r\n/s);
  });

  it("an upgrade to WebSocket becomes a tunnel", async () => {
    const [relay, a] = [await startRelay(), await startUpstream()];
    const client = await relay.connect();
    client.sends(`GET http://${a.authority}/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    const upstream = await a.accepts();
    await upstream.receivesMatch(/Upgrade: websocket\r\n\r\n$/);
    const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    upstream.sends(`${switching}hi`);
    await client.receives(`${switching}hi`);
    client.sends("frame");
    await upstream.receives("frame");
  });

  it("https as a scheme is TLS to the upstream, verified", async () => {
    const relay = await startRelay();
    const trusted = await startUpstream(UPSTREAM_CA.issue());
    const client = await relay.connect();
    client.sends(get(`https://${trusted.authority}`).replace("http://https://", "https://"));
    const upstream = await trusted.accepts();
    await upstream.receivesMatch(/^GET \/ HTTP\/1\.1\r\n/);
    upstream.sends(OK);
    await client.receives(OK);
    const wrong = await startUpstream(UPSTREAM_CA.issue({ names: ["other.test"] }));
    const another = await relay.connect();
    another.sends(get(`https://${wrong.authority}`).replace("http://https://", "https://"));
    expect(await another.receivesRest()).toMatch(/^HTTP\/1\.1 502 .*plainwire-error: host-mismatch\r\n/s);
  });
});
