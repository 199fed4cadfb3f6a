import { once } from "node:events";
import net from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectTo, startRelay, startUpstream } from "../support/relay.ts";
import { ScriptedPeer } from "../support/scripted-peer.ts";
import { until } from "../support/until.ts";

describe("the accept loop", () => {
  it("turns a connection over its limit away with 503, loudly, and takes the next one when there is room", async () => {
    const relay = await startRelay({ connections: 1 });
    const first = await connectTo(relay.port);
    const second = await relay.connect();
    expect(await second.receivesRest()).toMatch(/^HTTP\/1\.1 503 .*plainwire-error: too-many-connections\r\n/s);
    expect(relay.warnings).toEqual([expect.stringContaining("limit")]);
    first.destroy();
    await until(
      () => relay.tape.records().some(({ kind, connection }) => kind === 2 && connection === 1),
      () => "the first to be gone",
    );
    const target = await startUpstream();
    const third = await relay.tunnel(target.authority);
    third.sends("\x00");
    await (await target.accepts()).receives("\x00");
  });

  it("closes what is open when it is closed, and takes nothing more", async () => {
    const relay = await startRelay();
    const target = await startUpstream();
    const client = await relay.tunnel(target.authority);
    client.sends("\x00");
    const upstream = await target.accepts();
    await upstream.receives("\x00");
    await relay.close();
    await client.seesEnd();
    await upstream.seesEnd();
    const late = net.connect(relay.port, "127.0.0.1");
    onTestFinished(() => void late.destroy());
    const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });

  it("says which error the platform gave if it can't listen", async () => {
    const target = await startUpstream();
    await expect(startRelay({ port: target.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("survives clients that reset at any point of their request", async () => {
    const relay = await startRelay();
    const target = await startUpstream();
    const request = `CONNECT ${target.authority} HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n`;
    for (let cut = 0; cut <= request.length; cut += 7) {
      new ScriptedPeer("a client", await connectTo(relay.port)).sends(request.slice(0, cut)).resets();
    }
    const client = await relay.tunnel(target.authority);
    client.sends("\x00still here");
    await until(
      () => relay.tape.flows().filter((flow) => !relay.tape.isOver(flow)).length === 1,
      () => "all other flows to end",
    );
    expect(relay.warnings).toEqual([]);
  });
});
