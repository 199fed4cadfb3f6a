import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Queue } from "../../src/flow/queue.ts";

describe("a queue", () => {
  it("behaves like an array that is pushed and shifted", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 500 }), fc.nat(300), (steps, already) => {
        const queue = new Queue<number>();
        const model: number[] = [];
        for (let item = 0; item < already; item++) model.push((queue.push(item), item));
        steps.forEach((push, item) => {
          if (push) model.push((queue.push(item), item));
          else expect(queue.shift()).toBe(model.shift());
          expect(queue.length).toBe(model.length);
          expect(queue.peek()).toBe(model[0]);
        });
      }),
    );
  });
});
