import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import tls from "node:tls";
import { describe, expect, it } from "vitest";
import { createLeafContexts } from "../../src/ca/contexts.ts";
import { createMinter } from "../../src/ca/leaf.ts";
import { terminate, type TerminateOptions } from "../../src/tls/downstream.ts";
import { createTestCa } from "../support/pki.ts";
import { connectTo, startUpstream } from "../support/relay.ts";
import { ScriptedPeer } from "../support/scripted-peer.ts";

const CA = createTestCa();
const LEAVES = createLeafContexts(createMinter({ certificate: CA.certPem, key: CA.keyPem }));

function terminateFor(socket: Duplex, options: Partial<TerminateOptions> = {}) {
  const { context } = LEAVES.contextFor("example.test");
  return terminate(socket, { context, alpn: null, timeoutMs: 5000, ...options });
}

/** A client's handshake in memory. */
function meet(client: tls.ConnectionOptions, options: Partial<TerminateOptions> = {}) {
  const [near, far] = duplexPair();
  const stream = tls.connect({ socket: far, servername: "example.test", ca: CA.certPem, ...client });
  stream.on("error", () => {});
  return { terminating: terminateFor(near, options), client: stream };
}

describe("the client's handshake", () => {
  it("is finished with the given leaf, and the stream carries bytes both ways", async () => {
    const { terminating, client } = meet({});
    const result = await terminating;
    if (!result.ok) throw new Error(result.failure.code);
    expect(result.stream.isPaused()).toBe(true);
    const [peer, relay] = [new ScriptedPeer("the client", client), new ScriptedPeer("the relay", result.stream)];
    result.stream.resume();
    peer.sends("ping");
    await relay.receives("ping");
    relay.sends("pong");
    await peer.receives("pong");
    expect(client.authorized).toBe(true);
    expect(client.getPeerCertificate().subjectaltname).toBe("DNS:example.test");
  });

  it.each([
    ["the one protocol that the upstream chose", ["h2", "http/1.1"], "http/1.1", "http/1.1"],
    ["a protocol of any bytes", ["\xda\xda", "x"], "x", "x"],
    ["none where the upstream chose none", ["h2", "http/1.1"], null, false],
    ["none where the client offers none", undefined, "http/1.1", false],
  ])("agrees to %s", async (_title, offered, alpn, agreed) => {
    const { terminating, client } = meet(offered === undefined ? {} : { ALPNProtocols: offered }, { alpn });
    const secure = once(client, "secureConnect");
    expect(await terminating).toMatchObject({ ok: true });
    await secure;
    expect(client.alpnProtocol).toBe(agreed);
  });

  it("fails if the client offers other protocols only", async () => {
    const { terminating } = meet({ ALPNProtocols: ["x"] }, { alpn: "http/1.1" });
    expect(await terminating).toMatchObject({ ok: false, failure: { code: "client-tls" } });
  });

  it("fails if the client speaks old versions only", async () => {
    const { terminating } = meet({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" });
    expect(await terminating).toMatchObject({ ok: false, failure: { code: "client-tls" } });
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "of a client that ends it when it sees our certificate is one that does not trust us, %s",
    async (version) => {
      // Node's own client closes without an alert; in TLS 1.2 that is after the handshake.
      const { terminating, client } = meet({
        ca: createTestCa("Another").certPem,
        minVersion: version,
        maxVersion: version,
      });
      const result = await terminating;
      expect(client.authorized).toBe(false);
      if (version === "TLSv1.3") expect(result).toMatchObject({ ok: false, failure: { code: "client-untrusting" } });
      else expect(result.ok).toBe(true);
    },
  );

  it.each([
    [42, "bad_certificate", "client-untrusting"],
    [43, "unsupported_certificate", "client-untrusting"],
    [44, "certificate_revoked", "client-untrusting"],
    [45, "certificate_expired", "client-untrusting"],
    [46, "certificate_unknown", "client-untrusting"],
    [48, "unknown_ca", "client-untrusting"],
    [40, "handshake_failure", "client-tls"],
    [70, "protocol_version", "client-tls"],
  ])("refused by alert %i (%s) is %s", async (number, name, code) => {
    const [near, far] = duplexPair();
    const terminating = terminateFor(near);
    far.write(await clientHello());
    await once(far, "readable");
    far.write(Buffer.from([21, 3, 3, 0, 2, 2, number]));
    const result = await terminating;
    expect(result).toMatchObject({ ok: false, failure: { code } });
    if (!result.ok) expect(result.failure.detail).toContain(name);
  });

  it("refused by a reset is one that does not trust us", async () => {
    const target = await startUpstream();
    const client = await connectTo(target.port);
    const { stream } = await target.accepts();
    const terminating = terminateFor(stream);
    client.write(await clientHello());
    await once(client, "readable");
    client.resetAndDestroy();
    expect(await terminating).toMatchObject({ ok: false, failure: { code: "client-untrusting" } });
  });

  it("of bytes that are no handshake fails", async () => {
    const [near, far] = duplexPair();
    far.write("GET / HTTP/1.1\r\n\r\n");
    expect(await terminateFor(near)).toMatchObject({
      ok: false,
      failure: { code: "client-tls", detail: expect.any(String) },
    });
  });

  it("of a client that falls silent is given up after the time allowed", async () => {
    const [near, far] = duplexPair();
    far.write((await clientHello()).subarray(0, 100));
    expect(await terminateFor(near, { timeoutMs: 20 })).toMatchObject({ ok: false, failure: { code: "client-tls" } });
  });
});

/** What a client sends first. */
async function clientHello(): Promise<Buffer> {
  const [near, far] = duplexPair();
  const client = tls.connect({ socket: far, servername: "example.test" });
  client.on("error", () => {});
  await once(near, "readable");
  const hello = near.read() as Buffer;
  client.destroy();
  return hello;
}
