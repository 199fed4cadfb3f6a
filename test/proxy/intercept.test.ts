import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLeafName } from "../../src/ca/name.ts";
import type { ClientTls, Dialled, UpstreamTls } from "../../src/capture/facts.ts";
import { Kind } from "../../src/capture/record.ts";
import { isServerName } from "../../src/wire/client-hello.ts";
import { parseAuthority } from "../../src/wire/target.ts";
import { createTestCa } from "../support/pki.ts";
import { CA, closedPort, startRelay, startUpstream, type TestRelay, UPSTREAM_CA } from "../support/relay.ts";
import { until } from "../support/until.ts";

const GET = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LEAF = UPSTREAM_CA.issue();
const NO_ROOT = createTestCa("Stranger").issue();

function fact<T>(relay: TestRelay, kind: Kind): T {
  const record = relay.tape.records().find((one) => one.kind === kind);
  if (record === undefined) throw new Error(`no record of kind ${kind}`);
  return JSON.parse(record.payload.toString()) as T;
}

/** The flows' last lines, once there are as many. */
async function ends(relay: TestRelay, count: number): Promise<(string | undefined)[]> {
  const { tape } = relay;
  await until(
    () => tape.flows().length >= count && tape.flows().every((flow) => tape.isOver(flow)),
    () => `${count} flows to end`,
  );
  return tape.flows().map((flow) => tape.lines(flow).at(-1));
}

describe("a client's TLS", () => {
  it("is terminated with a leaf for the asked name, and originated anew; what is inside is relayed", async () => {
    const [relay, target] = [await startRelay(), await startUpstream(LEAF)];
    const client = await relay.secure(`localhost:${target.port}`);
    client.sends(GET);
    const upstream = await target.accepts();
    await upstream.receives(GET);
    upstream.sends(OK);
    await client.receives(OK);
    await relay.tape.shows(["> GET /a HTTP/1.1", "< HTTP/1.1 200 OK", "< body: ok", "done"]);
    expect(fact<ClientTls>(relay, Kind.clientTls)).toMatchObject({
      leafName: "localhost",
      version: "TLSv1.3",
      resumed: false,
    });
    expect(fact<UpstreamTls>(relay, Kind.upstreamTls)).toMatchObject({
      servername: "localhost",
      verdict: "verified",
      insecure: false,
    });
    expect(fact<Dialled>(relay, Kind.dialled).destination).toEqual({ hostname: "localhost", port: target.port });
    const [hello] = relay.tape.records().filter(({ kind }) => kind === Kind.clientHello);
    expect(hello?.payload[0]).toBe(1);
  });

  it.each([
    ["what the upstream chose of the client's list", ["x", "http/1.1"], ["http/1.1"], "http/1.1"],
    ["nothing if the upstream chose nothing", ["http/1.1"], undefined, false],
    ["nothing if the client offered nothing", undefined, ["http/1.1"], false],
    [
      "HTTP/1.1 where both could HTTP/2, as long as plainwire can't",
      ["h2", "http/1.1"],
      ["h2", "http/1.1"],
      "http/1.1",
    ],
  ])("agrees by ALPN to %s", async (_title, offered, chosen, agreed) => {
    const relay = await startRelay();
    const target = await startUpstream(LEAF, chosen === undefined ? {} : { ALPNProtocols: chosen });
    const client = await relay.secure(
      `localhost:${target.port}`,
      offered === undefined ? {} : { ALPNProtocols: offered },
    );
    expect("alpnProtocol" in client.stream && client.stream.alpnProtocol).toBe(agreed);
  });

  it("of another protocol by ALPN is a decrypted tunnel", async () => {
    const [relay, target] = [await startRelay(), await startUpstream(LEAF, { ALPNProtocols: ["mqtt"] })];
    const client = await relay.secure(`localhost:${target.port}`, { ALPNProtocols: ["mqtt"] });
    client.sends("\x10\x02hi");
    const upstream = await target.accepts();
    await upstream.receives("\x10\x02hi");
    upstream.ends();
    await client.seesEnd();
    client.ends();
    await relay.tape.shows(["tunnel: alpn", "> body: \x10\x02hi", "done"]);
  });

  it("may offer protocols of any bytes: it takes nothing down", async () => {
    const [relay, target] = [await startRelay(), await startUpstream(LEAF, { ALPNProtocols: ["http/1.1"] })];
    const client = await relay.secure(`localhost:${target.port}`, {
      ALPNProtocols: Buffer.from(`\xff${"\xff".repeat(255)}\x08http/1.1`, "latin1"),
    });
    client.sends(GET);
    await (await target.accepts()).receives(GET);
  });

  it("ends as it began: half-close passes under it, and a cut response stays cut", async () => {
    const [relay, target] = [await startRelay(), await startUpstream(LEAF)];
    const client = await relay.secure(`localhost:${target.port}`);
    client.sends(GET).ends();
    const upstream = await target.accepts();
    expect(await upstream.receivesRest()).toBe(GET);
    upstream.sends("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123").ends();
    expect(await client.receivesRest()).toBe("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123");
    // A client that ended its side before the upstream did has gone away, as far as anybody can tell.
    expect(await ends(relay, 1)).toEqual(["failed: client-closed"]);
  });

  it("is reset where only the close would show that a response was cut", async () => {
    const [relay, target] = [await startRelay(), await startUpstream(LEAF)];
    const client = await relay.secure(`localhost:${target.port}`);
    client.sends(GET);
    const upstream = await target.accepts();
    await upstream.receives(GET);
    upstream.sends("HTTP/1.1 200 OK\r\n\r\nhalf");
    await client.receives("HTTP/1.1 200 OK\r\n\r\nhalf");
    for (const socket of target.sockets) socket.resetAndDestroy();
    await until(
      () => client.stream.closed,
      () => "the client's connection to close",
    );
    expect(client.stream.readableEnded).toBe(false);
    expect(await ends(relay, 1)).toEqual(["failed: upstream-reset"]);
  });
});

describe("a failing upstream is told inside TLS", () => {
  it.each([
    ["refuses", null, "upstream-refused"],
    ["is not trusted", NO_ROOT, "no-root"],
    ["shows another name", UPSTREAM_CA.issue({ names: ["other.test"] }), "host-mismatch"],
  ])("that %s", async (_title, certificate, code) => {
    const relay = await startRelay();
    const target = certificate === null ? { port: await closedPort() } : await startUpstream(certificate);
    const client = await relay.secure(`localhost:${target.port}`);
    client.sends(GET);
    expect(await client.receivesRest()).toMatch(new RegExp(`^HTTP/1\\.1 502 .*plainwire-error: ${code}\r\n`, "s"));
    expect(await ends(relay, 1)).toEqual([`failed: ${code}, answered`]);
  });

  it("that is not trusted, but with --insecure, is relayed, and the facts say so", async () => {
    const [relay, target] = [await startRelay({ insecure: true }), await startUpstream(NO_ROOT)];
    const client = await relay.secure(`localhost:${target.port}`);
    client.sends(GET);
    await (await target.accepts()).receives(GET);
    expect(fact<UpstreamTls>(relay, Kind.upstreamTls)).toMatchObject({ insecure: true, verdict: "no-root" });
  });

  it("that demands a client certificate", async () => {
    const relay = await startRelay();
    const target = await startUpstream(LEAF, { requestCert: true, rejectUnauthorized: true, ca: UPSTREAM_CA.certPem });
    const client = await relay.secure(`localhost:${target.port}`);
    client.sends(GET);
    // TLS 1.3 reports it after the handshake, so that it may cross the request.
    expect(await client.receivesRest()).toMatch(/^HTTP\/1\.1 502 .*plainwire-error: client-certificate-required\r\n/s);
    expect(await ends(relay, 1)).toEqual(["failed: client-certificate-required, answered"]);
  });

  it("that resets while the client's handshake is not done: the relay lives on", async () => {
    const [relay, target] = [await startRelay(), await startUpstream(LEAF)];
    for (let turn = 0; turn < 10; turn++) {
      const client = relay.secure(`localhost:${target.port}`);
      await target.accepts();
      for (const socket of target.sockets) socket.resetAndDestroy();
      const stream = await client.catch(() => null);
      stream?.sends(GET);
      await stream?.receivesRest();
    }
    const client = await relay.secure(`localhost:${target.port}`);
    client.sends(GET);
    await (await target.accepts()).receives(GET);
    expect(relay.warnings).toEqual([]);
  });
});

describe("a failing client is a flow", () => {
  it("that does not trust us", async () => {
    const [relay, target] = [await startRelay(), await startUpstream(LEAF)];
    await expect(relay.secure(`localhost:${target.port}`, { ca: UPSTREAM_CA.certPem })).rejects.toThrow();
    expect(await ends(relay, 1)).toEqual(["failed: client-untrusting"]);
    await (await target.accepts()).seesEnd();
  });

  it.each([
    ["goes away in its ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "failed: client-tls"],
    ["sends a ClientHello that is none", `\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00`, "failed: client-tls"],
  ])("that %s", async (_title, bytes, end) => {
    const [relay, target] = [await startRelay(), await startUpstream()];
    const client = await relay.tunnel(target.authority);
    client.sends(bytes).ends();
    await client.seesEnd();
    expect(await ends(relay, 1)).toEqual([end]);
    await (await target.accepts()).seesEnd();
  });
});

describe("a name that a client may ask for", () => {
  it("can be minted a leaf for, whatever passed as a host", () => {
    const character = fc.constantFrom(..."abz09-_.:[]%xX*@ \x00\xe9");
    const text = fc.string({ unit: character, maxLength: 40 });
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.domain(),
      text,
    );
    fc.assert(
      fc.property(address, (host) => {
        const destination = parseAuthority(`${host}:443`);
        if (destination !== null) expect(parseLeafName(destination.hostname), destination.hostname).not.toBeNull();
        if (isServerName(host)) expect(parseLeafName(host.toLowerCase()), host).not.toBeNull();
      }),
    );
    expect(CA.certPem).toContain("BEGIN CERTIFICATE");
  });
});
