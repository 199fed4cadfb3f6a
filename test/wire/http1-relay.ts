/** The smallest relay: reads messages from pieces of bytes and notes what it would pass on. */

import { type FaultCode, MessageReader } from "../../src/wire/http1.ts";

export interface Relayed {
  messages: Message[];
  /** All bytes that were passed on. */
  passed: string;
  fault: FaultCode | null;
  /** What the reader says when the peer closes behind the last piece. */
  end: "complete" | "truncated";
  pending: string;
}

interface Message {
  startLine: string;
  body: string;
  length: number;
  keepAlive: boolean;
  upgrade: boolean;
  expectContinue: boolean;
  hosts: number;
  wire: string;
  content: number;
  trailers: string | null;
}

/** `answers`: for responses, the methods of the requests. Throws if the reader claims bytes that are not there. */
export function relay(
  side: "request" | "response",
  pieces: Buffer[],
  answers: MessageReader["requestMethod"][] = [],
  headBytes = 1000,
): Relayed {
  const reader = new MessageReader(side, { headBytes });
  const relayed: Relayed = { messages: [], passed: "", fault: null, end: "complete", pending: "" };
  reader.requestMethod = answers[0] ?? "other";
  for (const piece of pieces) {
    let bytes: Buffer | null = piece;
    let at = 0;
    while (bytes !== null && at < bytes.length && reader.fault === null) {
      if (reader.state === "head") {
        bytes = reader.readHead(bytes.subarray(at));
        if (bytes === null) break;
        at = reader.head.byteLength;
        relayed.passed += bytes.toString("latin1", 0, at);
        relayed.messages.push(begun(reader, bytes));
      }
      if (reader.state === "body") at = passBody(reader, bytes, at, relayed);
      if (reader.state === "done") finish(reader, relayed, answers);
    }
  }
  relayed.fault = reader.fault?.code ?? null;
  relayed.end = reader.end();
  relayed.pending = reader.pending.toString("latin1");
  return relayed;
}

/** The same bytes whole, byte by byte, and cut in two at each position (at some of many). */
export function waysToCut(bytes: Buffer): Buffer[][] {
  const step = Math.ceil(bytes.length / 150);
  const cuts = Array.from({ length: Math.floor((bytes.length - 1) / step) }, (_, i) => (i + 1) * step);
  return [
    [bytes],
    Array.from(bytes, (octet) => Buffer.of(octet)),
    ...cuts.map((at) => [bytes.subarray(0, at), bytes.subarray(at)]),
  ];
}

function begun(reader: MessageReader, bytes: Buffer): Message {
  const { head } = reader;
  return {
    startLine:
      head.method === ""
        ? `HTTP/1.${head.minor} ${head.status}`
        : `${head.method} ${head.target(bytes)} HTTP/1.${head.minor}`,
    body: head.body,
    length: head.length,
    keepAlive: head.keepAlive,
    upgrade: head.upgrade,
    expectContinue: head.expectContinue,
    hosts: head.hosts,
    wire: "",
    content: 0,
    trailers: null,
  };
}

function passBody(reader: MessageReader, bytes: Buffer, at: number, relayed: Relayed): number {
  const end = reader.readBody(bytes, at);
  if (end < at || end > bytes.length) throw new RangeError(`body from ${at} to ${end} of ${bytes.length} bytes`);
  const passed = bytes.toString("latin1", at, end);
  const message = relayed.messages.at(-1);
  relayed.passed += passed;
  if (message !== undefined) {
    message.wire += passed;
    message.content = reader.content;
    if (message.wire.length !== reader.wire) throw new RangeError("the reader counts other bytes than it gives");
  }
  return end;
}

function finish(reader: MessageReader, relayed: Relayed, answers: MessageReader["requestMethod"][]): void {
  const message = relayed.messages.at(-1);
  if (message !== undefined) message.trailers = reader.trailers?.toString("latin1") ?? null;
  reader.reset();
  const finals = relayed.messages.filter(({ startLine }) => !/^HTTP\/1\.\d 1/.test(startLine)).length;
  reader.requestMethod = answers[finals] ?? "other";
}
