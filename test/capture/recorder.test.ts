import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Kind, readRecords, recordBytes, viewBatch } from "../../src/capture/record.ts";
import { type BatchMessage, Recorder } from "../../src/capture/recorder.ts";

interface Read {
  kind: Kind;
  connection: number;
  exchange: number;
  time: number;
  text: string;
}

function record(options: { inFlightBytes?: number } = {}) {
  const acknowledged = new SharedArrayBuffer(4);
  const batches: Read[][] = [];
  const lengths: number[] = [];
  const postMessage = ({ buffer, length }: BatchMessage, transfer: ArrayBuffer[]): void => {
    expect(transfer).toEqual([buffer]);
    const records: Read[] = [];
    readRecords(viewBatch(buffer), length, ({ payload, ...rest }) =>
      records.push({ ...rest, text: Buffer.from(payload).toString("latin1") }),
    );
    batches.push(records);
    lengths.push(length);
  };
  const port = { postMessage } as unknown as ConstructorParameters<typeof Recorder>[0]["port"];
  const recorder = new Recorder({ port, acknowledged, inFlightBytes: options.inFlightBytes ?? 16 * 1024 * 1024 });
  return { recorder, batches, lengths, acknowledged: new Int32Array(acknowledged) };
}

describe("a recorder", () => {
  it("hands over what was appended, in order, with the time", () => {
    const { recorder, batches } = record();
    const before = Date.now();
    recorder.fact(Kind.connectionOpened, 1, 0, { client: { address: "::1", port: 4711 } });
    recorder.bytes(Kind.requestHead, 1, 7, Buffer.from("GET / HTTP/1.1\r\n\r\nbody"), 0, 18);
    recorder.bytes(Kind.requestBody, 1, 7, Buffer.from("GET / HTTP/1.1\r\n\r\nbody"), 18, 22);
    recorder.count(Kind.requestUnkept, 1, 7, 2 ** 40);
    recorder.mark(Kind.connectionClosed, 1, 0);
    recorder.flush();
    expect(batches).toHaveLength(1);
    const [batch = []] = batches;
    expect(batch.map(({ kind, connection, exchange }) => [kind, connection, exchange])).toEqual([
      [Kind.connectionOpened, 1, 0],
      [Kind.requestHead, 1, 7],
      [Kind.requestBody, 1, 7],
      [Kind.requestUnkept, 1, 7],
      [Kind.connectionClosed, 1, 0],
    ]);
    expect(batch.map(({ text }) => text)).toEqual([
      '{"client":{"address":"::1","port":4711}}',
      "GET / HTTP/1.1\r\n\r\n",
      "body",
      Buffer.from(new Float64Array([2 ** 40]).buffer).toString("latin1"),
      "",
    ]);
    for (const [i, { time }] of batch.entries()) {
      expect(Math.abs(time - before)).toBeLessThan(10_000);
      expect(time).toBeGreaterThanOrEqual(batch[i - 1]?.time ?? 0);
    }
  });

  it("copies: what happens to the bytes afterwards changes nothing", () => {
    const { recorder, batches } = record();
    const bytes = Buffer.from("secret");
    recorder.bytes(Kind.requestBody, 1, 1, bytes);
    bytes.fill(0);
    recorder.flush();
    expect(batches[0]?.[0]?.text).toBe("secret");
  });

  it("hands a batch over when the next record does not fit, and loses nothing", () => {
    const { recorder, batches, lengths } = record();
    const piece = Buffer.alloc(10_000, "x");
    for (let i = 0; i < 100; i++) recorder.bytes(Kind.responseBody, 1, i + 1, piece);
    expect(batches.length).toBeGreaterThan(5);
    recorder.flush();
    expect(batches.flat().map(({ exchange }) => exchange)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(batches.flat().every(({ text }) => text.length === piece.length)).toBe(true);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(100 * recordBytes(piece.length));
  });

  it("takes a record that is larger than any batch", () => {
    const { recorder, batches } = record();
    recorder.mark(Kind.connectionClosed, 1, 0);
    recorder.bytes(Kind.requestHead, 2, 1, Buffer.alloc(1_000_001, "y"));
    recorder.mark(Kind.connectionClosed, 3, 0);
    recorder.flush();
    expect(batches.flat().map(({ connection, text }) => [connection, text.length])).toEqual([
      [1, 0],
      [2, 1_000_001],
      [3, 0],
    ]);
  });

  it("records nothing after it was sealed, and hands over what came before", () => {
    const { recorder, batches } = record();
    recorder.mark(Kind.connectionClosed, 1, 0);
    recorder.seal();
    recorder.mark(Kind.connectionClosed, 2, 0);
    recorder.flush();
    expect(batches.flat().map(({ connection }) => connection)).toEqual([1]);
  });

  it("hands over nothing where there is nothing", () => {
    const { recorder, batches } = record();
    recorder.flush();
    recorder.flush();
    expect(batches).toEqual([]);
  });
});

describe("without being asked, a recorder hands over", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("a few milliseconds after the first record, again and again", () => {
    const { recorder, batches } = record();
    for (const turn of [1, 2, 3]) {
      recorder.mark(Kind.connectionClosed, turn, 0);
      vi.advanceTimersByTime(1);
      expect(batches).toHaveLength(turn - 1);
      vi.advanceTimersByTime(20);
      expect(batches).toHaveLength(turn);
      vi.advanceTimersByTime(1000);
    }
  });

  it("however many records follow: they don't put it off", () => {
    const { recorder, batches } = record();
    for (let ms = 0; ms < 20; ms++) {
      recorder.mark(Kind.connectionClosed, 1, 0);
      vi.advanceTimersByTime(1);
    }
    expect(batches.length).toBeGreaterThan(0);
  });
});

describe("when the hub falls behind", () => {
  it("bodies are no longer kept from the budget on, until it has caught up", () => {
    const { recorder, lengths, acknowledged } = record({ inFlightBytes: 1000 });
    expect(recorder.keepsUp()).toBe(true);
    recorder.bytes(Kind.requestBody, 1, 1, Buffer.alloc(1500));
    recorder.flush();
    expect(recorder.keepsUp()).toBe(false);
    Atomics.add(acknowledged, 0, lengths[0] ?? 0);
    expect(recorder.keepsUp()).toBe(true);
  });

  it("the count of bytes may wrap: the hub keeps up also after more than 2 GiB", () => {
    const counter = new Int32Array(new SharedArrayBuffer(4));
    const postMessage = ({ length }: BatchMessage): void => void Atomics.add(counter, 0, length);
    const recorder = new Recorder({ port: { postMessage }, acknowledged: counter.buffer, inFlightBytes: 1000 });
    const large = Buffer.alloc(16 * 1024 * 1024);
    for (let bytes = 0; bytes <= 2 ** 31; bytes += large.length) recorder.bytes(Kind.responseBody, 1, 1, large);
    recorder.flush();
    expect(Atomics.load(counter, 0)).toBeLessThan(0);
    expect(recorder.keepsUp()).toBe(true);
  });

  it("at twice the budget the relay waits for it, and goes on as soon as it has caught up", async () => {
    const { relay, acknowledged, phase } = startRelayThread();
    onTestFinished(() => void relay.terminate());
    // The relay is about to hand over more than twice its budget. It can't have gone on as long as nothing was taken in.
    const [{ length }] = (await once(relay, "message")) as [BatchMessage];
    expect(Atomics.load(phase, 0)).toBe(HANDING_OVER);
    Atomics.add(acknowledged, 0, length);
    Atomics.notify(acknowledged, 0);
    const [waitedMs] = (await once(relay, "message")) as [number];
    expect(waitedMs).toBeLessThan(900);
  });

  it("the relay does not wait for ever: traffic goes on without a hub", async () => {
    const { relay } = startRelayThread();
    onTestFinished(() => void relay.terminate());
    await once(relay, "message");
    const [waitedMs] = (await once(relay, "message")) as [number];
    expect(waitedMs).toBeGreaterThan(900);
    expect(waitedMs).toBeLessThan(3000);
  });
});

const HANDING_OVER = 1;

/** A thread that hands over one batch of more than twice its budget, then tells how long that took, in ms. */
function startRelayThread() {
  const acknowledged = new SharedArrayBuffer(4);
  const phase = new SharedArrayBuffer(4);
  const source = `
    import { parentPort, workerData } from "node:worker_threads";
    const { Recorder } = await import(workerData.recorder);
    const recorder = new Recorder({ port: parentPort, acknowledged: workerData.acknowledged, inFlightBytes: 1000 });
    recorder.bytes(17, 1, 1, Buffer.alloc(3000));
    Atomics.store(new Int32Array(workerData.phase), 0, 1);
    const begun = performance.now();
    recorder.flush();
    Atomics.store(new Int32Array(workerData.phase), 0, 2);
    parentPort.postMessage(performance.now() - begun);
  `;
  const recorder = new URL("../../src/capture/recorder.ts", import.meta.url).href;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const relay = new Worker(url, { workerData: { acknowledged, phase, recorder }, execArgv: [] });
  return { relay, acknowledged: new Int32Array(acknowledged), phase: new Int32Array(phase) };
}
