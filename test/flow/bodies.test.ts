import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Body, BodyRing } from "../../src/flow/bodies.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const text = (content: Uint8Array): string => Buffer.from(content).toString("latin1");

describe("the ring of bodies", () => {
  it("gives back what it can of every body, always from its beginning, in a fixed space", () => {
    const step = fc.record({ body: fc.nat(3), piece: fc.uint8Array({ maxLength: 60 }) });
    const sizes = fc.record({ ring: fc.nat(300), perBody: fc.nat(120) });
    fc.assert(
      fc.property(sizes, fc.array(step, { maxLength: 60 }), ({ ring: size, perBody }, steps) => {
        const ring = new BodyRing(size, perBody);
        const bodies = [0, 1, 2, 3].map(() => ({ body: new Body(), passed: "" }));
        for (const { body: index, piece } of steps) {
          const known = bodies[index]!;
          ring.append(known.body, piece);
          known.passed += text(piece);
          for (const { body, passed } of bodies) {
            expect(passed.startsWith(text(ring.read(body)))).toBe(true);
            expect(ring.read(body).length).toBe(ring.kept(body));
            expect(ring.kept(body)).toBeLessThanOrEqual(Math.min(perBody, size));
            expect(body.wire).toBe(passed.length);
          }
        }
        expect(ring.used).toBeLessThanOrEqual(size);
        const unkept = bodies.map(({ body }) => body.wire - body.stored);
        expect(ring.dropped).toBe(unkept.reduce((sum, count) => sum + count));
      }),
    );
  });

  it("keeps the newest bodies whole as long as they fit", () => {
    const ring = new BodyRing(4096, 1024);
    const bodies = Array.from({ length: 50 }, (_, number) => {
      const body = new Body();
      ring.append(body, bytes(`body ${number} `));
      ring.append(body, bytes("x".repeat(400)));
      return body;
    });
    // A body takes 16 + 8 + 16 + 400 bytes of the ring: nine fit.
    expect(bodies.map((body) => ring.kept(body) > 0).lastIndexOf(false)).toBe(40);
    expect(text(ring.read(bodies[49]!))).toBe(`body 49 ${"x".repeat(400)}`);
    expect(text(ring.read(bodies[41]!))).toBe(`body 41 ${"x".repeat(400)}`);
    expect(ring.read(bodies[40]!)).toEqual(new Uint8Array(0));
    expect(bodies[0]?.wire).toBe(407);
  });

  it("keeps the beginning of a body that is too long, and never what comes after a part left out", () => {
    const ring = new BodyRing(4096, 5);
    const [long, cut] = [new Body(), new Body()];
    ring.append(long, bytes("abc"));
    ring.append(long, bytes("defg"));
    ring.append(long, bytes("h"));
    ring.append(cut, bytes("ab"));
    ring.skip(cut, 10);
    ring.append(cut, bytes("y"));
    expect([text(ring.read(long)), long.wire]).toEqual(["abcde", 8]);
    expect([text(ring.read(cut)), cut.wire]).toEqual(["ab", 13]);
  });

  it("does not begin in the middle of a body whose beginning is gone", () => {
    const ring = new BodyRing(256, 200);
    const [slow, other] = [new Body(), new Body()];
    ring.append(slow, bytes("beginning"));
    ring.append(other, bytes("x".repeat(200)));
    ring.append(other, bytes("x"));
    ring.append(slow, bytes("end"));
    expect([text(ring.read(slow)), slow.wire]).toEqual(["", 12]);
    ring.append(slow, bytes("y".repeat(150)));
    expect(ring.kept(other), "what can't be shown takes no space from others").toBe(200);
  });

  it("keeps nothing if it has no space", () => {
    const ring = new BodyRing(0, 100);
    const body = new Body();
    ring.append(body, bytes("abc"));
    expect([ring.kept(body), ring.read(body).length, body.wire, ring.used]).toEqual([0, 0, 3, 0]);
  });
});
