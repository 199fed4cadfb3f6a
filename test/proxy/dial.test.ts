import { once } from "node:events";
import net from "node:net";
import os from "node:os";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { dial } from "../../src/proxy/dial.ts";
import { closedPort, startUpstream } from "../support/relay.ts";
import { until } from "../support/until.ts";

const NO_PORTS: ReadonlySet<number> = new Set();
const PATIENT = { timeoutMs: 5000, ownPorts: NO_PORTS };

describe("dialling", () => {
  it("gives a socket that nobody has read from, and says what was reached and how long it took", async () => {
    const target = await startUpstream();
    const dialled = await dial({ hostname: "127.0.0.1", port: target.port }, PATIENT);
    if (!dialled.ok) throw new Error(dialled.failure.code);
    const upstream = await target.accepts();
    upstream.sends("banner");
    expect(dialled.facts).toMatchObject({
      destination: { hostname: "127.0.0.1", port: target.port },
      remote: { address: "127.0.0.1", port: target.port },
    });
    expect(dialled.facts.dnsMs).toBeGreaterThanOrEqual(0);
    expect(dialled.facts.connectMs).toBeGreaterThanOrEqual(0);
    expect(dialled.socket.allowHalfOpen).toBe(true);
    const [chunk] = await once(dialled.socket.resume(), "data");
    expect(String(chunk)).toBe("banner");
    // Nobody listens to the socket yet, and a reset must not end the process.
    upstream.resets();
    await until(
      () => dialled.socket.closed,
      () => "the reset",
    );
  });

  it("resolves names", async () => {
    const target = await startUpstream();
    const dialled = await dial({ hostname: "localhost", port: target.port }, PATIENT);
    expect(dialled).toMatchObject({
      ok: true,
      facts: { destination: { hostname: "localhost" }, remote: { address: "127.0.0.1" } },
    });
    if (dialled.ok) dialled.socket.destroy();
  });

  it.each([
    ["a port on which nothing listens", "127.0.0.1", "upstream-refused"],
    ["a name that has such a port on all its addresses", "localhost", "upstream-refused"],
  ])("%s is refused", async (_title, hostname, code) => {
    const dialled = await dial({ hostname, port: await closedPort() }, PATIENT);
    expect(dialled).toMatchObject({ ok: false, failure: { code, detail: expect.stringContaining("ECONNREFUSED") } });
  });

  it("a name that does not exist is told from one that could not be looked up", async () => {
    // RFC 6761 6.4: "invalid" never exists; without a name server the lookup itself fails.
    const dialled = await dial({ hostname: "plainwire-test.invalid", port: 80 }, PATIENT);
    expect(["dns-not-found", "dns-failed"]).toContain(dialled.ok ? "" : dialled.failure.code);
  });

  it("an upstream that has not answered in the time allowed is given up", async () => {
    const target = await startUpstream();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const dialling = dial({ hostname: "127.0.0.1", port: target.port }, PATIENT);
    vi.advanceTimersByTime(PATIENT.timeoutMs);
    expect(await dialling).toEqual({
      ok: false,
      failure: { code: "upstream-timeout", detail: "no answer within 5 s" },
    });
  });
});

describe("plainwire's own ports", () => {
  /** Every way to write an address of this machine; some are names or numbers only for the resolver. */
  const spellings = [
    "127.0.0.1",
    "localhost",
    "0.0.0.0",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:0:0:1",
    ...Object.values(os.networkInterfaces()).flatMap((infos) =>
      (infos ?? []).filter(({ scopeid }) => !scopeid).map(({ address }) => address),
    ),
  ];

  it.each([...new Set(spellings)])("are not reached as %s", async (hostname) => {
    const server = net.createServer((socket) => socket.destroy()).listen(0);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const dialled = await dial({ hostname, port }, { ...PATIENT, ownPorts: new Set([port]) });
    expect(dialled.ok).toBe(false);
    // A spelling that this machine's resolver does not know does not lead here either.
    if (!dialled.ok && !dialled.failure.code.startsWith("dns-")) expect(dialled.failure.code).toBe("loop");
    // Without the guard it is reached: what was tested is the guard.
    const unguarded = await dial({ hostname, port }, PATIENT);
    expect(unguarded.ok).toBe(!dialled.ok && dialled.failure.code === "loop");
    if (unguarded.ok) unguarded.socket.destroy();
  });

  it("are these alone: another one is reached", async () => {
    const target = await startUpstream();
    const dialled = await dial(
      { hostname: "127.0.0.1", port: target.port },
      { ...PATIENT, ownPorts: new Set([target.port + 1]) },
    );
    expect(dialled.ok).toBe(true);
    if (dialled.ok) dialled.socket.destroy();
  });
});
