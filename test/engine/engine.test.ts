import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import type { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import type { EngineConfig } from "../../src/engine/config.ts";
import { EngineError } from "../../src/engine/error.ts";
import { findEngine } from "../../src/engine/running.ts";
import { type Engine, startEngine } from "../../src/engine/start.ts";
import type { FlowEvent } from "../../src/flow/events.ts";
import { closedPort, connectRequest, connectTo, ESTABLISHED, startUpstream } from "../support/relay.ts";
import { ScriptedPeer } from "../support/scripted-peer.ts";
import { until } from "../support/until.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LIMITS = {
  headBytes: 16_384,
  connections: 100,
  connectTimeoutMs: 5000,
  headTimeoutMs: 60_000,
  handshakeTimeoutMs: 5000,
};
const ANY = { host: "127.0.0.1", port: 0 };

interface Started {
  engine: Engine;
  /** The relay's thread. */
  worker: Worker;
  port: number;
  log: string[];
  caDir: string;
}

/** Stopped when the test ends. */
async function start(options: Partial<EngineConfig> = {}): Promise<Started> {
  const caDir = options.caDir ?? fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-engine-"));
  onTestFinished(() => fs.rmSync(caDir, { recursive: true, force: true }));
  const log: string[] = [];
  let worker: Worker | null = null;
  const seeWorker = (started: Worker): void => void (worker = started);
  process.once("worker", seeWorker);
  const engine = await startEngine({
    listen: ANY,
    feed: ANY,
    caDir,
    upstreamCas: [],
    insecure: false,
    limits: LIMITS,
    capture: {
      bodyBytes: 65_536,
      inFlightBytes: 1_000_000,
      totalBodyBytes: 1_000_000,
      ringBytes: 1_000_000,
      flows: 1000,
    },
    log: (level, message) => void log.push(`${level}: ${message}`),
    version: "0.0.0-test",
    ...options,
  }).finally(() => process.off("worker", seeWorker));
  onTestFinished(() => engine.stop());
  if (worker === null) throw new Error("no thread was started");
  return { engine, worker, port: Number(new URL(engine.proxyUrl).port), log, caDir };
}

/** A tunnel through an engine with a request in it that is not answered. */
async function openRequest({ port, engine }: Started) {
  const target = await startUpstream();
  const client = new ScriptedPeer("the client", await connectTo(port));
  client.sends(connectRequest(target.authority) + GET);
  await client.receives(ESTABLISHED);
  const upstream = await target.accepts();
  await upstream.receives(GET);
  await until(
    () => events(engine).some(({ event }) => event === "flow.request"),
    () => "the flow",
  );
  return { client, upstream, target };
}

/** All events so far. */
function events({ source }: Engine): FlowEvent[] {
  const sequence = Array.from({ length: source.next - source.first }, (_, i) => source.first + i);
  return sequence.flatMap((seq) => source.at(seq)?.event ?? []);
}

/** How its flows ended. */
function failures(engine: Engine): (string | null)[] {
  return events(engine).flatMap((event) => (event.event === "flow.failed" ? [event.error.code] : []));
}

describe("an engine", () => {
  it("relays, shows what it relays, and tells its addresses", async () => {
    const started = await start();
    expect(started.engine.proxyUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(started.engine.apiUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(started.engine.feed.token).toMatch(/^[\w-]{32}$/);
    const { client, upstream, target } = await openRequest(started);
    upstream.sends(OK);
    await client.receives(OK);
    await until(
      () => events(started.engine).some(({ event }) => event === "flow.done"),
      () => "the flow's end",
    );
    expect(events(started.engine).at(-1)).toMatchObject({
      method: "GET",
      status: 200,
      url: `http://${target.authority}/a`,
    });
  });

  it("makes a CA on its first start only", async () => {
    const first = await start();
    expect(first.engine.caCreated).toBe(true);
    expect(fs.existsSync(first.engine.caPath)).toBe(true);
    await first.engine.stop();
    const second = await start({ caDir: first.caDir });
    expect(second.engine.caCreated).toBe(false);
    expect(second.engine.caPath).toBe(first.engine.caPath);
  });

  it("can't be reached through itself, neither proxy nor feed", async () => {
    const { engine, port } = await start();
    for (const own of [port, Number(new URL(engine.apiUrl).port)]) {
      const client = new ScriptedPeer("the client", await connectTo(port));
      client.sends(`GET http://127.0.0.1:${own}/v1/events HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(await client.receivesRest()).toMatch(/^HTTP\/1\.1 508 .*plainwire-error: loop\r\n/s);
    }
  });
});

describe("an engine is found by the user's other programs", () => {
  /** A runtime folder of the test's own. */
  function runtime(): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-engine-"));
    onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  it("while it runs, with what they need to read its feed", async () => {
    const runtimeFolder = runtime();
    const { engine } = await start({ runtimeFolder });
    expect(await findEngine(runtimeFolder)).toMatchObject({
      pid: process.pid,
      proxy: engine.proxyUrl,
      feed: engine.feed.url,
      api: engine.apiUrl,
      ca: engine.caPath,
      token: engine.feed.token,
      epoch: engine.source.epoch,
      version: "0.0.0-test",
    });
    expect(await findEngine(runtimeFolder, ({ pid }) => pid !== process.pid)).toBeNull();
    await engine.stop();
    expect(fs.readdirSync(runtimeFolder)).toEqual([]);
    expect(await findEngine(runtimeFolder)).toBeNull();
  });

  it("not where another one answers at its address", async () => {
    const runtimeFolder = runtime();
    const { engine } = await start({ runtimeFolder });
    const file = path.join(runtimeFolder, String(process.pid), "session.json");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(engine.source.epoch, "before"));
    expect(await findEngine(runtimeFolder)).toBeNull();
  });

  it("not where the relay crashed", async () => {
    const runtimeFolder = runtime();
    const { engine, worker } = await start({ runtimeFolder });
    await worker.terminate();
    await engine.stopped;
    expect(fs.readdirSync(runtimeFolder)).toEqual([]);
  });

  it("not where the folder is not safe: it says so, relays all the same, and leaves no token", async () => {
    const runtimeFolder = runtime();
    fs.chmodSync(runtimeFolder, 0o777);
    const started = await start({ runtimeFolder });
    expect(started.log).toEqual([expect.stringMatching(/^warn: plainwire attach will not find this engine: .*0777/)]);
    expect(fs.readdirSync(runtimeFolder)).toEqual([]);
    await openRequest(started);
  });
});

describe("an engine that can't start says what to do", () => {
  it("where its port is in use, by another engine or anything else", async () => {
    const { port } = await start();
    const failure = start({ listen: { host: "127.0.0.1", port } });
    await expect(failure).rejects.toBeInstanceOf(EngineError);
    await expect(failure).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(String(port)),
      fix: expect.stringContaining("--listen"),
    });
  });

  it.runIf(process.platform === "linux")("and whose the port is, with one that is free", async () => {
    const { port } = await start();
    const listen = { host: "127.0.0.1", port };
    const failure = await start({ listen }).catch((error: unknown) => error as EngineError);
    if (!(failure instanceof EngineError)) throw new Error("it started");
    expect(failure.message).toBe(`port ${port} on 127.0.0.1 is in use by node (pid ${process.pid})`);
    const [, free] = /^Try --listen 127\.0\.0\.1:(\d+)$/.exec(failure.fix) ?? [];
    expect(free).toBeDefined();
    await start({ listen: { host: "127.0.0.1", port: Number(free) } });
  });

  it.runIf(process.platform === "linux")(
    "where another plainwire has the port: how to see what passes there",
    async () => {
      const runtimeFolder = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-engine-"));
      onTestFinished(() => fs.rmSync(runtimeFolder, { recursive: true, force: true }));
      const { port } = await start({ runtimeFolder });
      await expect(start({ runtimeFolder, listen: { host: "127.0.0.1", port } })).rejects.toMatchObject({
        exitCode: 3,
        message: `port ${port} on 127.0.0.1 is in use by plainwire (pid ${process.pid})`,
        fix: expect.stringMatching(/plainwire attach.*--listen 127\.0\.0\.1:\d+$/),
      });
    },
  );

  it("where its feed's port is in use; then its proxy's port is free again", async () => {
    const [target, port] = [await startUpstream(), await closedPort()];
    const failure = start({ listen: { host: "127.0.0.1", port }, feed: { host: "127.0.0.1", port: target.port } });
    await expect(failure).rejects.toMatchObject({ exitCode: 3, fix: expect.stringContaining("--feed") });
    await start({ listen: { host: "127.0.0.1", port } });
  });

  it("where the address is not this machine's", async () => {
    // RFC 5737: for documentation only.
    await expect(start({ listen: { host: "203.0.113.1", port: 0 } })).rejects.toMatchObject({ exitCode: 2 });
  });

  it("where the CA's key can be read by others", async () => {
    const { engine, caDir } = await start();
    await engine.stop();
    for (const file of fs.readdirSync(caDir)) fs.chmodSync(path.join(caDir, file), 0o644);
    await expect(start({ caDir })).rejects.toMatchObject({ exitCode: 5, fix: expect.any(String) });
  });
});

describe("an engine ends", () => {
  it("in order when it is asked to: open flows end as shutdown, and both ports are free", async () => {
    const started = await start();
    const { engine, port } = started;
    const { client, upstream } = await openRequest(started);
    await Promise.all([engine.stop(), engine.stop()]);
    expect(await engine.stopped).toEqual({ reason: "stopped" });
    expect(failures(engine)).toEqual(["shutdown"]);
    await client.seesEnd();
    await upstream.seesEnd();
    for (const closed of [port, Number(new URL(engine.apiUrl).port)])
      await expect(connectTo(closed)).rejects.toThrow("ECONNREFUSED");
  });

  it("without ending a flow twice that was over", async () => {
    const started = await start();
    const { client, upstream } = await openRequest(started);
    upstream.sends(OK);
    await client.receives(OK);
    await started.engine.stop();
    expect(events(started.engine).map(({ event }) => event)).toEqual(["flow.request", "flow.response", "flow.done"]);
  });

  it("although an upstream does not answer in its handshake", async () => {
    const { engine, port } = await start({ limits: { ...LIMITS, handshakeTimeoutMs: 1_000_000 } });
    const target = await startUpstream();
    const socket = await connectTo(port);
    socket.write(connectRequest(target.authority));
    await once(socket, "data");
    tls.connect({ socket, servername: "example.test" }).on("error", () => {});
    const upstream = await target.accepts();
    await until(
      () => upstream.unreadBytes > 0,
      () => "plainwire's ClientHello",
    );
    await engine.stop();
    expect(await engine.stopped).toEqual({ reason: "stopped" });
  });

  it.each<[string, (worker: Worker) => unknown]>([
    ["is gone", (worker) => worker.terminate()],
    ["throws", (worker) => worker.postMessage(null)],
  ])(
    "when its relay thread %s: open flows end as relay-crashed, once, and whoever waits is told",
    async (how, crash) => {
      const started = await start();
      const { engine, worker, log } = started;
      const { client, upstream } = await openRequest(started);
      crash(worker);
      expect(await engine.stopped).toEqual({ reason: "relay-crashed" });
      expect(failures(engine)).toEqual(["relay-crashed"]);
      expect(log.some((line) => line.startsWith("error: the relay thread crashed: TypeError"))).toBe(how === "throws");
      await client.seesEnd();
      await upstream.seesEnd();
      await expect(connectTo(Number(new URL(engine.apiUrl).port))).rejects.toThrow("ECONNREFUSED");
      // Stopping it then is no error, and changes nothing.
      await engine.stop();
      expect(failures(engine)).toEqual(["relay-crashed"]);
    },
  );
});
