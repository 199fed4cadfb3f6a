import { describe, expect, it } from "vitest";
import { Frames } from "../../src/tui/frames.ts";
import { FakeHost } from "./fake-terminal.ts";

function screen() {
  const host = new FakeHost();
  const painted: number[] = [];
  const takes = { output: true };
  const frames = new Frames(host, () => takes.output && painted.push(host.now()) > 0);
  return { host, painted, takes, frames };
}

describe("frames", () => {
  it("a key is answered at once when the screen was at rest", () => {
    const { frames, painted } = screen();
    frames.request(true);
    expect(painted).toEqual([0]);
  });

  it("a batch of events is one frame", () => {
    const { frames, host, painted } = screen();
    for (let n = 0; n < 1000; n += 1) frames.request(false);
    expect(painted).toEqual([]);
    host.pass(0);
    expect(painted).toEqual([0]);
  });

  it("there are never more than 30 a second, and the last change is always drawn", () => {
    const { frames, host, painted } = screen();
    for (let ms = 0; ms < 1000; ms += 1) {
      frames.request(ms % 2 === 0);
      host.pass(1);
    }
    host.pass(100);
    for (const [index, at] of painted.slice(1).entries()) expect(at - (painted[index] ?? 0)).toBe(33);
    expect(painted.at(-1)).toBeGreaterThanOrEqual(990);
  });

  it("none is drawn while the terminal takes none, one when it does again", () => {
    const { frames, host, painted, takes } = screen();
    takes.output = false;
    frames.request(true);
    takes.output = true;
    for (let n = 0; n < 100; n += 1) {
      frames.request(true);
      host.pass(50);
    }
    expect(painted).toEqual([]);
    frames.resume();
    host.pass(50);
    expect(painted).toHaveLength(1);
  });
});
