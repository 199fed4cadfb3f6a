import { once } from "node:events";
import net from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, portOwner } from "../../src/engine/port-owner.ts";
import { closedPort } from "../support/relay.ts";

async function listenOn(host: string): Promise<number> {
  const server = net.createServer().listen(0, host);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as net.AddressInfo).port;
}

describe.runIf(process.platform === "linux")("a port's owner", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["127.0.0.1", "0.0.0.0"],
    ["0.0.0.0", "127.0.0.1"],
    ["127.0.0.1", "localhost"],
  ])("listens on %s and is named to who asks for %s", async (host, asked) => {
    expect(portOwner(asked, await listenOn(host))).toEqual({
      pid: process.pid,
      command: expect.stringMatching(/^node/),
    });
  });

  it("is not the one that listens on the same port of another address", async () => {
    expect(portOwner("127.0.0.3", await listenOn("127.0.0.2"))).toBeNull();
  });

  it("is nobody where nobody listens", async () => {
    expect(portOwner("127.0.0.1", await closedPort())).toBeNull();
  });
});

describe.runIf(process.platform === "linux")("a free port", () => {
  it("is one that nobody listens on, and that isn't meant for something else", async () => {
    const used = await listenOn("127.0.0.2");
    const first = freePort(used - 1, []);
    expect(first).toBeGreaterThan(used);
    expect(freePort(used - 1, [first ?? 0])).toBeGreaterThan(first ?? 0);
  });

  it("is not beyond the last", () => expect(freePort(65_535, [])).toBeNull());
});
