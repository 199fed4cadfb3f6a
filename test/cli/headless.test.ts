import { describe, expect, it } from "vitest";
import { headless } from "../../src/cli/headless.ts";
import { configSchema } from "../../src/config/schema.ts";
import type { EngineConfig } from "../../src/engine/config.ts";
import type { Engine } from "../../src/engine/start.ts";
import { FakeFlowSource, flowDone } from "../support/fake-flow-source.ts";
import { FakeIo } from "../support/fake-io.ts";

type End = { reason: "stopped" | "relay-crashed" };

class FakeEngine implements Engine {
  proxyUrl = "http://127.0.0.1:8080";
  feed = { url: "ws://127.0.0.1:8081/v1/feed", token: "t0k3n" };
  apiUrl = "http://127.0.0.1:8081";
  caPath = "/home/ada/ca.pem";
  caCreated = false;
  source = new FakeFlowSource();
  stops = 0;
  readonly #end = Promise.withResolvers<End>();
  stopped = this.#end.promise;

  async stop(): Promise<void> {
    this.stops++;
    this.#end.resolve({ reason: "stopped" });
    await this.stopped;
  }

  crash(): void {
    this.#end.resolve({ reason: "relay-crashed" });
  }
}

interface Given {
  config?: object;
  lifeline?: boolean;
  env?: NodeJS.ProcessEnv;
}

function start({ config = {}, lifeline = false, env = {} }: Given = {}) {
  const io = new FakeIo();
  io.env = env;
  const engine = new FakeEngine();
  const settings = { ...configSchema.parse(config), ca: { dir: "/home/ada" } };
  const given: EngineConfig[] = [];
  const startEngine = async (engineConfig: EngineConfig): Promise<Engine> => {
    given.push(engineConfig);
    return engine;
  };
  const code = headless({ settings, version: "0.1.0", lifeline, startEngine }, io);
  return { io, engine, given, code };
}

const READY = {
  event: "listening",
  proxy: "http://127.0.0.1:8080",
  feed: "ws://127.0.0.1:8081/v1/feed?token=t0k3n",
  api: "http://127.0.0.1:8081",
  ca: "/home/ada/ca.pem",
  pid: process.pid,
  version: "0.1.0",
};

describe("a script that starts plainwire --headless", () => {
  it("reads exactly one line when everything listens, whatever passes; logs are elsewhere", async () => {
    const { io, engine, code } = start();
    await io.stdout.until(/\n/);
    engine.source.append(flowDone("f_1"));
    io.signal("SIGTERM");
    expect(await code).toBe(0);
    expect(io.stdout.lines.map((line) => JSON.parse(line) as unknown)).toEqual([READY]);
    expect(io.stderr.text).toBe("plainwire: stopped; 1 flow\n");
  });

  it("with --json, reads one line per finished flow after it, to the last", async () => {
    const { io, engine, code } = start({ config: { json: true } });
    await io.stdout.until(/\n/);
    const failed = { ...flowDone("f_2"), event: "flow.failed", state: "failed" } as never;
    engine.source.append(flowDone("f_1"), { event: "tls.failed", flow: "f_2", t: 1 } as never, failed);
    io.signal("SIGINT");
    expect(await code).toBe(0);
    const flows = io.stdout.lines.slice(1).map((line) => JSON.parse(line) as { event: string; flow: string });
    expect(flows.map(({ event, flow }) => [event, flow])).toEqual([
      ["flow.done", "f_1"],
      ["flow.failed", "f_2"],
    ]);
    expect(io.stderr.text).toBe("plainwire: stopped; 2 flows, 1 failed\n");
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends it in order with %s", async (name) => {
    const { io, engine, code } = start();
    await io.stdout.until(/\n/);
    io.signal(name);
    expect([await code, engine.stops, io.exits]).toEqual([0, 1, []]);
  });

  it("ends it in order with a signal that comes before it listens", async () => {
    const { io, engine, code } = start();
    io.signal("SIGINT");
    expect([await code, engine.stops]).toEqual([0, 1]);
  });

  it("ends it at once with a second signal", async () => {
    const { io } = start();
    await io.stdout.until(/\n/);
    io.signal("SIGINT");
    io.signal("SIGTERM");
    expect(io.exits).toEqual([130]);
  });

  it("sees exit code 1 and a reason when the relay crashes", async () => {
    const { io, engine, code } = start();
    await io.stdout.until(/\n/);
    engine.crash();
    expect(await code).toBe(1);
    expect(io.stderr.text).toBe("plainwire: the relay crashed, so the engine ended; 0 flows\n");
  });

  it("may close its end of standard output: the proxy goes on", async () => {
    const { io, engine, code } = start({ config: { json: true } });
    await io.stdout.until(/\n/);
    io.stdout.destroy(new Error("write EPIPE"));
    engine.source.append(flowDone("f_1"));
    io.signal("SIGINT");
    expect(await code).toBe(0);
    expect(io.stderr.lines[0]).toBe(
      "plainwire: standard output can't be written any more (write EPIPE); the proxy goes on",
    );
  });
});

describe("the terminal UI's engine", () => {
  it("ends in order when its lifeline does, and says what it did", async () => {
    const { io, engine, code } = start({ lifeline: true });
    await io.stdout.until(/\n/);
    engine.source.append(flowDone("f_1"));
    io.stdin.end();
    expect([await code, engine.stops]).toEqual([0, 1]);
    expect(io.stdout.lines[1]).toBe('{"event":"stopped","flows":1,"failed":0}');
  });

  it("lives on without a lifeline when standard input ends: `plainwire --headless < /dev/null`", async () => {
    const { io, engine, code } = start();
    io.stdin.end();
    await io.stdout.until(/\n/);
    expect(engine.stops).toBe(0);
    io.signal("SIGINT");
    await code;
  });
});

describe("the engine is given", () => {
  it("the settings, in its own terms", async () => {
    const { io, given, code } = start({ config: { listen: "[::1]:0", insecure: true, capture: { flows: 5 } } });
    await io.stdout.until(/\n/);
    io.signal("SIGINT");
    await code;
    expect(given[0]).toMatchObject({
      listen: { host: "::1", port: 0 },
      caDir: "/home/ada",
      insecure: true,
      upstreamCas: [],
    });
    expect(given[0]?.capture).toEqual({
      bodyBytes: 1_048_576,
      inFlightBytes: 16_777_216,
      totalBodyBytes: 33_554_432,
      ringBytes: 16_777_216,
      flows: 5,
    });
  });

  it("an environment without what would make it use itself", async () => {
    const env = { HOME: "/home/ada", https_proxy: "http://127.0.0.1:8080", NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const { io, code } = start({ env });
    await io.stdout.until(/\n/);
    io.signal("SIGINT");
    await code;
    expect(env).toEqual({ HOME: "/home/ada" });
  });
});

it("a CA that was made just now is told of once, with a warning", async () => {
  const io = new FakeIo();
  const engine = new FakeEngine();
  engine.caCreated = true;
  const settings = { ...configSchema.parse({}), ca: { dir: "/home/ada" } };
  const code = headless({ settings, version: "0.1.0", lifeline: false, startEngine: async () => engine }, io);
  await io.stdout.until(/\n/);
  io.signal("SIGINT");
  await code;
  expect(io.stderr.lines[0]).toBe("plainwire: created a CA of your own: /home/ada/ca.pem; keep its key to yourself");
});
