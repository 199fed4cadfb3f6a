import { once } from "node:events";
import net from "node:net";
import type tls from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { UpstreamTrust } from "../../src/tls/upstream-trust.ts";
import { originate, type OriginateOptions } from "../../src/tls/upstream.ts";
import { ClientHelloReader } from "../../src/wire/client-hello.ts";
import { createTestCa } from "../support/pki.ts";
import { startUpstream, type TestUpstream } from "../support/relay.ts";
import { until } from "../support/until.ts";

const ROOT = createTestCa();
const TRUST = new UpstreamTrust([ROOT.certPem]);
const NAMES = ["example.test"];

async function originateTo(target: { port: number }, options: Partial<OriginateOptions> = {}) {
  const socket = net.connect({ port: target.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  const defaults = { name: "example.test", alpn: [], trust: TRUST, insecure: false, timeoutMs: 5000 };
  return originate(socket, { ...defaults, ...options });
}

describe("the upstream's handshake", () => {
  it("verifies, and says what was negotiated and shown", async () => {
    const leaf = ROOT.intermediate("Middle").issue({ names: NAMES });
    const target = await startUpstream(leaf, { ALPNProtocols: ["http/1.1"] });
    const result = await originateTo(target, { alpn: ["x", "http/1.1"] });
    expect(result).toMatchObject({
      ok: true,
      session: {
        version: "TLSv1.3",
        alpn: "http/1.1",
        servername: "example.test",
        verdict: "verified",
        detail: null,
        insecure: false,
        chain: [
          { subject: "CN=example.test", issuer: "CN=Middle", subjectAltName: "DNS:example.test" },
          { subject: "CN=Middle", issuer: "CN=Test Root" },
          { subject: "CN=Test Root", issuer: "CN=Test Root" },
        ],
      },
    });
    const [first] = result.session?.chain ?? [];
    expect(first?.sha256).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(new Date(first?.validTo ?? "").toISOString()).toBe(first?.validTo);
    if (result.ok) expect(result.stream.isPaused()).toBe(true);
  });

  it.each([
    ["another name", { names: ["other.test"] }, "host-mismatch", /other\.test/],
    ["an old certificate", { names: NAMES, notAfter: new Date(Date.now() - 1000) }, "expired", /./],
  ] as const)(
    "%s is refused before anything is written; the chain is told all the same",
    async (_title, issue, code, detail) => {
      // In TLS 1.2 the upstream has finished its handshake by then.
      const target = await startUpstream(ROOT.issue({ ...issue, names: [...issue.names] }), { maxVersion: "TLSv1.2" });
      const result = await originateTo(target);
      expect(result).toMatchObject({ ok: false, failure: { code }, session: { verdict: code, insecure: false } });
      if (!result.ok) expect(result.failure.detail).toMatch(detail);
      expect(result.session?.chain).not.toHaveLength(0);
      const upstream = await target.accepts();
      expect(await upstream.receivesRest()).toBe("");
    },
  );

  it("with --insecure goes on in spite of its verdict, which is kept", async () => {
    const target = await startUpstream(createTestCa("Stranger").issue({ names: NAMES }));
    const result = await originateTo(target, { insecure: true });
    expect(result).toMatchObject({ ok: true, session: { insecure: true, verdict: "no-root" } });
  });

  it("with --insecure says nothing of it where all is well", async () => {
    const target = await startUpstream(ROOT.issue({ names: NAMES }));
    expect(await originateTo(target, { insecure: true })).toMatchObject({
      session: { insecure: false, verdict: "verified" },
    });
  });

  it("does not listen to the environment", async () => {
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    onTestFinished(() => {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    });
    const target = await startUpstream(ROOT.issue({ names: ["other.test"] }));
    expect(await originateTo(target)).toMatchObject({ ok: false, failure: { code: "host-mismatch" } });
  });

  it.each([
    ["a name", "example.test", "example.test"],
    ["a name with a final dot, which SNI does not have", "example.test.", "example.test"],
    ["an address, which SNI does not have at all", "127.0.0.1", false],
    ["an IPv6 address", "::1", false],
  ])("asks for %s", async (_title, name, servername) => {
    const target = await startUpstream(ROOT.issue({ names: ["example.test", "127.0.0.1", "::1"] }));
    expect(await originateTo(target, { name })).toMatchObject({
      ok: true,
      session: { verdict: "verified", servername: name },
    });
    const upstream = await target.accepts();
    expect((upstream.stream as tls.TLSSocket).servername).toBe(servername);
  });

  it.each<[string, string[], string[]]>([
    ["in the client's order", ["h3", "x", "http/1.1"], ["h3", "x", "http/1.1"]],
    [
      "GREASE and other bytes as they are (RFC 8701)",
      ["\x8a\x8a", "\xda\xda", "http/1.1"],
      ["\x8a\x8a", "\xda\xda", "http/1.1"],
    ],
    ["of 255 bytes above 0x7f", ["\xff".repeat(255), "http/1.1"], ["\xff".repeat(255), "http/1.1"]],
  ])("offers protocols %s", async (_title, alpn, expected) => {
    const hello = new ClientHelloReader();
    const target = await rawServer((socket) =>
      socket.on("data", (chunk: Buffer) => hello.push(chunk) === "more" || socket.destroy()),
    );
    await originateTo(target, { alpn });
    expect(hello.hello?.alpn).toEqual(expected);
  });

  it("offers none if the client did not", async () => {
    let asked = false;
    const target = await startUpstream(ROOT.issue({ names: NAMES }), { ALPNCallback: () => void (asked = true) });
    expect(await originateTo(target)).toMatchObject({ ok: true, session: { alpn: null } });
    expect(asked).toBe(false);
  });
});

describe("a handshake that fails", () => {
  it.each<[string, (socket: net.Socket) => void, string[]]>([
    ["plain text instead of TLS", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), ["upstream-not-tls"]],
    ["a close", (socket) => socket.end(), ["upstream-closed", "upstream-tls"]],
    ["a reset", (socket) => socket.resetAndDestroy(), ["upstream-reset"]],
    ["an alert", (socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40])), ["upstream-tls"]],
  ])("by %s is told by its code, with a cause in words", async (_title, behave, codes) => {
    const target = await rawServer((socket) => socket.once("data", () => behave(socket)));
    const result = await originateTo(target);
    expect(result).toMatchObject({ ok: false, session: null });
    if (result.ok) return;
    expect(codes).toContain(result.failure.code);
    expect(result.failure.detail).toBeTruthy();
  });

  it("by silence is given up after the time allowed", async () => {
    const target = await rawServer(() => {});
    expect(await originateTo(target, { timeoutMs: 20 })).toMatchObject({
      ok: false,
      failure: { code: "upstream-timeout" },
    });
  });

  it("after it was done, before anybody listens, does not end the process; the error is kept for who asks", async () => {
    const target = await startUpstream(ROOT.issue({ names: NAMES }));
    const result = await originateTo(target);
    if (!result.ok) throw new Error(result.failure.code);
    await target.accepts();
    for (const socket of target.sockets) socket.resetAndDestroy();
    result.stream.resume();
    await until(
      () => result.stream.closed,
      () => "the reset",
    );
    expect(result.stream.errored).toMatchObject({ code: "ECONNRESET" });
  });
});

async function rawServer(serve: (socket: net.Socket) => void): Promise<Pick<TestUpstream, "port">> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as net.AddressInfo).port };
}
