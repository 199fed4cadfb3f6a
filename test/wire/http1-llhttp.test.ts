/** An outside judge: Node's own HTTP/1.1 parser, llhttp, reads the same messages. Where the two disagree is listed. */

import http from "node:http";
import { duplexPair } from "node:stream";
import { describe, expect, it } from "vitest";
import { type Case, CHUNKED, REQUESTS, RESPONSES } from "./http1-cases.ts";

/** What llhttp does otherwise, and why we do not follow it. */
const DIFFERENCES: { why: string; llhttp: "accepts" | "refuses"; titles: string[] }[] = [
  {
    llhttp: "refuses",
    why: "a debugging tool shows what others refuse, and none of this touches framing",
    titles: [
      "a method that nobody knows",
      "a method of any token characters",
      "a target in raw UTF-8",
      "control characters in a value",
    ],
  },
  {
    llhttp: "refuses",
    why: "RFC 9110 8.6 lets identical lengths pass, and curl and browsers accept them",
    titles: ["the same Content-Length twice"],
  },
  {
    llhttp: "refuses",
    why: "RFC 9112 5: white space around a value is no part of it",
    titles: ["white space around chunked"],
  },
  {
    llhttp: "refuses",
    why: "RFC 9112 7.1.1 has white space in front of a chunk extension read",
    titles: ["white space in front of an extension"],
  },
  {
    llhttp: "refuses",
    why: "RFC 9112 7.1.2: trailers frame nothing, so they pass",
    titles: ["framing fields and Host as trailers"],
  },
  {
    llhttp: "accepts",
    why: "RFC 9112 3: single spaces and HTTP/1.x; other parsers split such first lines otherwise",
    titles: [
      "no version (HTTP/0.9)",
      "two spaces after the method",
      "two spaces after the target",
      "HTTP/2.0",
      "HTTP/0.9",
      "a status below 100",
      "NUL in the reason",
    ],
  },
  {
    llhttp: "accepts",
    why: "RFC 9112 2.2 speaks of an empty line in front of a request: CR LF, not either, and not any number of them",
    titles: ["LF in front", "CR in front", "five empty lines in front", "an empty line in front"],
  },
  {
    llhttp: "accepts",
    why: "RFC 9112 6.1 and 6.3: parsers differ on codings beside chunked, and HTTP/1.0 knows no Transfer-Encoding",
    titles: ["gzip, chunked", "identity", "chunked in HTTP/1.0"],
  },
  {
    llhttp: "accepts",
    why: "two parsers could go by different ones: a body or the tunnel, the first Host or the second",
    titles: ["CONNECT with a length", "CONNECT with chunks", "two Host fields", "two Host fields in HTTP/1.0"],
  },
  {
    llhttp: "accepts",
    why: "bounds: where they are not the same, a parser behind us could cut a number or a line off",
    titles: ["a size of 17 digits", "an extension of 16 KiB"],
  },
];

const LISTED = new Map(DIFFERENCES.flatMap(({ llhttp, titles }) => titles.map((title) => [title, llhttp])));

describe("requests", () => {
  it.each([...REQUESTS, ...CHUNKED])("$title", (sample) => compare(sample, judgeRequest));
});

describe("responses", () => {
  it.each(RESPONSES)("$title", (sample) => compare(sample, judgeResponse));
});

it("the list of differences is short, and names cases that exist", () => {
  expect(DIFFERENCES.length).toBeLessThanOrEqual(10);
  const titles = new Set([...REQUESTS, ...CHUNKED, ...RESPONSES].map(({ title }) => title));
  expect([...LISTED.keys()].filter((title) => !titles.has(title))).toEqual([]);
});

async function compare({ title, bytes, fault }: Case, judge: (bytes: Buffer) => Promise<boolean>): Promise<void> {
  const ours = fault === null ? "accepts" : "refuses";
  const theirs = (await judge(Buffer.from(bytes, "latin1"))) ? "accepts" : "refuses";
  expect(theirs).toBe(LISTED.get(title) ?? ours);
}

/** Accepted: exactly one message was read to its end, and nothing was wrong until the connection's end. */
async function judgeRequest(bytes: Buffer): Promise<boolean> {
  const server = http.createServer();
  let complete = 0;
  let faulty = false;
  server.on("clientError", (_, socket) => {
    faulty = true;
    socket.destroy();
  });
  server.on("connect", (_, socket) => {
    complete++;
    socket.destroy();
  });
  server.on("request", (request, response) => {
    request.resume().on("end", () => complete++);
    response.end();
  });
  const [client, served] = duplexPair();
  client.resume();
  const closed = new Promise((resolve) => served.on("close", resolve));
  server.emit("connection", served);
  client.end(bytes);
  await closed;
  return complete === 1 && !faulty;
}

async function judgeResponse(bytes: Buffer): Promise<boolean> {
  const [ours, theirs] = duplexPair();
  let complete = 0;
  let faulty = false;
  const request = http.request({ host: "a", createConnection: () => ours });
  request.on("error", () => (faulty = true));
  request.on("response", (response) => {
    response.on("error", () => (faulty = true));
    response.resume().on("end", () => (complete += response.complete ? 1 : 0));
  });
  const closed = new Promise((resolve) => request.on("close", resolve));
  request.end();
  theirs.once("data", () => theirs.end(bytes));
  await closed;
  return complete === 1 && !faulty;
}
