import { describe, expect, it } from "vitest";
import { closedPort, connectRequest, ESTABLISHED, startRelay, startUpstream } from "../support/relay.ts";
import { settle, until } from "../support/until.ts";

const GET = "GET /a HTTP/1.1\r\nHost: example.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("what follows CONNECT", () => {
  it("is relayed as HTTP where it is HTTP, to the CONNECT target, whatever Host says", async () => {
    const [relay, target] = [await startRelay(), await startUpstream()];
    const client = await relay.tunnel(target.authority);
    client.sends(GET);
    const upstream = await target.accepts();
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    await relay.tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"]);
  });

  it.each([
    ["in one segment with it", (bytes: string) => [bytes]],
    ["byte by byte", (bytes: string) => [...bytes]],
  ])("may come %s", async (_title, cut) => {
    const [relay, target] = [await startRelay(), await startUpstream()];
    const client = await relay.connect();
    client.sends(...cut(connectRequest(target.authority) + GET));
    await client.receives(ESTABLISHED);
    const upstream = await target.accepts();
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
  });

  it("may be an upstream that speaks first", async () => {
    const [relay, target] = [await startRelay(), await startUpstream()];
    const client = await relay.tunnel(target.authority);
    const upstream = await target.accepts();
    upstream.sends("220 ready\r\n");
    await client.receives("220 ready\r\n");
    client.sends("EHLO a\r\n");
    await upstream.receives("EHLO a\r\n");
    upstream.ends();
    await client.seesEnd();
    client.ends();
    await relay.tape.shows(["tunnel: upstream-first", "< body: 220 ready\r\n", "> body: EHLO a\r\n", "done"]);
  });

  it.each([
    ["bytes that are neither TLS nor HTTP", "\x00\x01\x02\x03", "unknown-protocol"],
    ["HTTP/2, which is not read yet", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2-only"],
  ])("may be %s", async (_title, bytes, reason) => {
    const [relay, target] = [await startRelay(), await startUpstream()];
    const client = await relay.tunnel(target.authority);
    client.sends(bytes);
    const upstream = await target.accepts();
    await upstream.receives(bytes);
    upstream.sends("answer").ends();
    expect(await client.receivesRest()).toBe("answer");
    client.ends();
    await relay.tape.shows([`tunnel: ${reason}`, `> body: ${bytes}`, "< body: answer", "done"]);
  });

  it("may be too little to tell: it arrives all the same, with its end", async () => {
    const [relay, target] = [await startRelay(), await startUpstream()];
    const client = await relay.tunnel(target.authority);
    client.sends("GE").ends();
    const upstream = await target.accepts();
    expect(await upstream.receivesRest()).toBe("GE");
    upstream.sends("what?").ends();
    expect(await client.receivesRest()).toBe("what?");
    await relay.tape.shows(["tunnel: unknown-protocol", "> body: GE", "< body: what?", "done"]);
  });

  it.each(["ends", "resets"] as const)("may be nothing: a spare connection is no failure (%s)", async (how) => {
    const [relay, target] = [await startRelay(), await startUpstream()];
    const client = await relay.tunnel(target.authority);
    const upstream = await target.accepts();
    client[how]();
    await upstream.seesEnd();
    upstream.ends();
    await until(
      () => relay.tape.flows().length === 1 && relay.tape.isOver(1),
      () => "the tunnel's end",
    );
    expect(relay.tape.lines(1)[0]).toBe("tunnel: unused");
  });

  it("is answered by a page if the target refuses and it is HTTP", async () => {
    const relay = await startRelay();
    const client = await relay.tunnel(`127.0.0.1:${await closedPort()}`);
    client.sends(GET);
    expect(await client.receivesRest()).toMatch(/^HTTP\/1\.1 502 .*plainwire-error: upstream-refused\r\n/s);
    expect(relay.tape.lines(1).at(-1)).toBe("failed: upstream-refused, answered");
  });

  it("ends with the target's failure if it is something else", async () => {
    const relay = await startRelay();
    const client = await relay.tunnel(`127.0.0.1:${await closedPort()}`);
    client.sends("\x00\x01");
    await client.seesEnd();
    await relay.tape.shows(["attempt", "failed: upstream-refused"]);
  });
});

describe("on the proxy's port", () => {
  it.each([
    ["bytes of no protocol", "\x00\x01\x02", "not-http"],
    ["half a method, and then the end", "GE", "request-incomplete"],
  ])("%s are a failed attempt, and closed", async (_title, bytes, code) => {
    const relay = await startRelay();
    const client = await relay.connect();
    client.sends(bytes).ends();
    await client.seesEnd();
    await relay.tape.shows(["attempt", `> body: ${bytes}`, `failed: ${code}`]);
  });

  it("a connection without a byte is no flow: somebody looked whether the port is open", async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    client.ends();
    await client.seesEnd();
    await settle();
    expect(relay.tape.flows()).toEqual([]);
  });

  it.each([
    ["a request to the proxy itself", GET],
    ["CONNECT without a port", "CONNECT example.test HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["CONNECT to nowhere", "CONNECT :443 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["CONNECT to a number that only some resolvers read", "CONNECT 2130706433:80 HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["another scheme", "GET ftp://example.test/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ])("%s is answered 400", async (_title, request) => {
    const relay = await startRelay();
    const client = await relay.connect();
    client.sends(request);
    expect(await client.receivesRest()).toMatch(/^HTTP\/1\.1 400 .*plainwire-error: target-invalid\r\n/s);
    expect(relay.tape.lines(1).at(-1)).toBe("failed: target-invalid, answered");
  });

  it("what leads back to it is a loop, by CONNECT and by absolute form", async () => {
    const relay = await startRelay();
    relay.ownPorts.add(relay.port);
    for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"]) {
      const client = await relay.connect();
      client.sends(`GET http://${host}:${relay.port}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(await client.receivesRest(), host).toMatch(/^HTTP\/1\.1 508 .*plainwire-error: loop\r\n/s);
      const tunnel = await relay.tunnel(`${host}:${relay.port}`);
      tunnel.sends(GET);
      expect(await tunnel.receivesRest(), host).toMatch(/^HTTP\/1\.1 508 .*plainwire-error: loop\r\n/s);
    }
  });
});
