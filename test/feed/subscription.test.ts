import { describe, expect, it } from "vitest";
import type { Wanted } from "../../src/feed/params.ts";
import { type Notice, type Outlet, Subscription } from "../../src/feed/subscription.ts";
import type { FlowEventName } from "../../src/flow/events.ts";
import { FakeFlowSource, flowDone } from "../support/fake-flow-source.ts";

const ALL: Wanted = {
  events: new Set<FlowEventName>(["flow.done"]),
  since: "now",
  bodies: "meta",
  maxInline: 0,
  overflow: "gap",
};

/** A peer that reads until it is told to stall. Sequence numbers and notices are noted in the order of sending. */
class Peer implements Outlet {
  readonly got: (number | Notice | string)[] = [];
  stalled = false;
  /** Stalls by itself once it got this many. */
  room = Infinity;

  congested(): boolean {
    return this.stalled || this.got.length >= this.room;
  }
  cork(): void {}
  uncork(): void {}
  event({ seq }: { seq: number }): void {
    this.got.push(seq);
  }
  notice(notice: Notice): void {
    this.got.push(notice);
  }
  overflow(): void {
    this.got.push("overflow");
  }
  fail(): void {
    this.got.push("fail");
  }
}

describe("a subscription", () => {
  it("from now on gets what is appended, in order, and no caught_up", async () => {
    const source = filled(3);
    const peer = new Peer();
    const subscription = subscribe(source, peer, {});
    append(source, 2);
    await settle();
    expect(peer.got).toEqual([4, 5]);
    expect(subscription).toMatchObject({ from: 4, replaying: false });
  });

  it("from the start gets the past, caught_up once, then the present", async () => {
    const source = filled(3);
    const peer = new Peer();
    const subscription = subscribe(source, peer, { since: "start" });
    await settle();
    append(source, 1);
    await settle();
    append(source, 1);
    await settle();
    expect(peer.got).toEqual([1, 2, 3, { event: "caught_up", seq: 3 }, 4, 5]);
    expect(subscription).toMatchObject({ from: 1, replaying: true });
  });

  it("from the start of an empty log is caught up at once", async () => {
    const peer = new Peer();
    subscribe(new FakeFlowSource(), peer, { since: "start" });
    await settle();
    expect(peer.got).toEqual([{ event: "caught_up", seq: 0 }]);
  });

  it("goes on after the last entry that the client has seen", async () => {
    const peer = new Peer();
    subscribe(filled(5), peer, { since: { epoch: "01JD3", seq: 3 } });
    await settle();
    expect(peer.got).toEqual([4, 5, { event: "caught_up", seq: 5 }]);
  });

  it("says what was evicted before it came, and misses nothing else", async () => {
    const peer = new Peer();
    subscribe(filled(10, 4), peer, { since: { epoch: "01JD3", seq: 2 } });
    await settle();
    const gap = { event: "gap", from: 3, to: 6, count: 4, reason: "evicted" };
    expect(peer.got).toEqual([gap, 7, 8, 9, 10, { event: "caught_up", seq: 10 }]);
  });

  it("refuses a position of another run, with the way out", () => {
    expect(() => subscribe(filled(1), new Peer(), { since: { epoch: "other", seq: 1 } })).toThrow(
      expect.objectContaining({ code: -32004, message: expect.stringContaining('"start"') }),
    );
  });

  it("refuses a position in the future", () => {
    expect(() => subscribe(filled(1), new Peer(), { since: { epoch: "01JD3", seq: 2 } })).toThrow(
      expect.objectContaining({ code: -32602 }),
    );
  });

  it("skips events that were not asked for", async () => {
    const source = new FakeFlowSource();
    const peer = new Peer();
    subscribe(source, peer, { events: new Set<FlowEventName>(["flow.failed"]) });
    append(source, 50);
    await settle();
    expect(peer.got).toEqual([]);
  });

  it("sends nothing after stop", async () => {
    const source = filled(0);
    const peer = new Peer();
    const subscription = subscribe(source, peer, {});
    append(source, 1);
    subscription.stop();
    await settle();
    expect(peer.got).toEqual([]);
  });
});

describe("a client that stalls", () => {
  it("gets exactly one gap, however much it missed, and goes on in the middle of the log", async () => {
    const source = filled(0, 10);
    const peer = new Peer();
    const subscription = subscribe(source, peer, {});
    append(source, 2);
    await settle();
    peer.stalled = true;
    for (let round = 0; round < 50; round += 1) {
      append(source, 10);
      await settle();
    }
    expect(peer.got).toEqual([1, 2]);
    peer.stalled = false;
    subscription.wake();
    await settle();
    append(source, 1);
    await settle();
    const gap = { event: "gap", from: 3, to: 497, count: 495, reason: "slow_consumer" };
    expect(peer.got).toEqual([1, 2, gap, 498, 499, 500, 501, 502, 503]);
  });

  it("gets no gap if everything is still in the log", async () => {
    const source = filled(0, 10);
    const peer = new Peer();
    const subscription = subscribe(source, peer, {});
    peer.stalled = true;
    append(source, 10);
    await settle();
    peer.stalled = false;
    subscription.wake();
    await settle();
    expect(peer.got).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("still gets the newest entry of a log that holds only one", async () => {
    const source = filled(0, 1);
    const peer = new Peer();
    peer.stalled = true;
    const subscription = subscribe(source, peer, { since: "start" });
    append(source, 5);
    await settle();
    peer.stalled = false;
    subscription.wake();
    await settle();
    expect(peer.got.filter((item) => typeof item === "number")).toEqual([5]);
  });

  it("is told of entries that go while it reads", async () => {
    const source = filled(6);
    const { at } = source;
    source.at = (seq) => {
      const entry = at.call(source, seq);
      if (seq === 2) source.first = 5;
      return entry;
    };
    const peer = new Peer();
    subscribe(source, peer, { since: "start" });
    await settle();
    const gap = { event: "gap", from: 3, to: 5, count: 3, reason: "slow_consumer" };
    expect(peer.got).toEqual([1, 2, gap, 6, { event: "caught_up", seq: 6 }]);
  });

  it("is closed instead if it asked for that", async () => {
    const source = filled(0, 10);
    const peer = new Peer();
    subscribe(source, peer, { overflow: "close" });
    append(source, 1);
    await settle();
    peer.stalled = true;
    append(source, 30);
    await settle();
    expect(peer.got).toEqual([1, "overflow"]);
  });

  it("stops the sending in the middle, where it stalled", async () => {
    const source = filled(0, 1000);
    const peer = new Peer();
    const subscription = subscribe(source, peer, {});
    peer.room = 3;
    append(source, 100);
    await settle();
    expect(peer.got).toEqual([1, 2, 3]);
    peer.room = 5;
    subscription.wake();
    await settle();
    expect(peer.got).toEqual([1, 2, 3, 4, 5]);
  });
});

it("a long replay lets others run in between", async () => {
  const source = filled(20_000, 20_000);
  const peer = new Peer();
  const slow = new Set<FlowEventName>();
  // Each look at an entry costs 0.1 ms: the whole log in one go would take 2 s.
  slow.has = () => {
    const end = performance.now() + 0.1;
    while (performance.now() < end);
    return false;
  };
  const subscription = subscribe(source, peer, { since: "start", events: slow });
  const before = performance.now();
  await settle();
  expect(performance.now() - before).toBeLessThan(1000);
  subscription.stop();
  expect(peer.got).toEqual([]);
});

it("a failure of ours while sending ends that client only", async () => {
  const source = filled(1);
  source.at = () => {
    throw new Error("bug");
  };
  const peer = new Peer();
  subscribe(source, peer, { since: "start" });
  await settle();
  expect(peer.got).toEqual(["fail"]);
});

function filled(entries: number, capacity = 1000): FakeFlowSource {
  const source = new FakeFlowSource(capacity);
  append(source, entries);
  return source;
}

function append(source: FakeFlowSource, count: number): void {
  const first = source.next;
  source.append(...Array.from({ length: count }, (_, index) => flowDone(`f_${first + index}`)));
}

function subscribe(source: FakeFlowSource, peer: Peer, wanted: Partial<Wanted>): Subscription {
  const subscription = new Subscription(source, { ...ALL, ...wanted }, peer);
  source.onAppend(() => subscription.wake());
  subscription.wake();
  return subscription;
}

/** Lets the pump run several times. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
