/** Through the proxy nobody gets at plainwire's own ports, whatever name they find for them (CVE-2025-23217). */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FeedReader, readFeed } from "../support/feed-reader.ts";
import { type Plainwire, startPlainwire } from "../support/plainwire.ts";
import { connectRaw, tunnelPlain, tunnelTls } from "../support/raw-client.ts";

let plainwire: Plainwire;
let feed: FeedReader;

beforeAll(async () => {
  plainwire = await startPlainwire();
  feed = await readFeed(plainwire);
});

beforeEach(() => feed.startOver());

afterAll(async () => {
  feed?.close();
  await plainwire?.stop();
});

type Port = "feed" | "proxy";
const portOf = (port: Port, of = plainwire): number => (port === "feed" ? Number(new URL(of.apiUrl).port) : of.port);

/** What only the feed would say. */
const SECRET = /"epoch"|"server"|unauthorized|wrong_host/;
const REFUSED = /^HTTP\/1\.1 508 .*\r\n[^]*\r\nplainwire-error: loop\r\n/;

/** A request for the feed's status, with the token: it must not arrive. */
const statusRequest = (target: string, port: number, token: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`;

describe.each<Port>(["feed", "proxy"])("the %s's port", (which) => {
  describe.each([
    "127.0.0.1",
    "localhost",
    "LOCALHOST",
    "0.0.0.0",
    "127.1.2.3",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:1]",
  ])("as %s", (host) => {
    it("by CONNECT, in the clear", async () => {
      const port = portOf(which);
      const client = await tunnelPlain(plainwire, `${host}:${port}`);
      client.send(statusRequest("/v1/status", port, plainwire.token));
      await client.ended();
      expectRefusal(client.text, host);
    });

    it("by CONNECT, under TLS", async () => {
      const client = await tunnelTls(plainwire, `${host}:${portOf(which)}`, { ca: plainwire.ca });
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.ended();
      expectRefusal(client.text, host);
    });

    it("by a plain-HTTP proxy request", async () => {
      const port = portOf(which);
      const client = await connectRaw(plainwire);
      client.send(statusRequest(`http://${host}:${port}/v1/status`, port, plainwire.token));
      await client.ended();
      expectRefusal(client.text, host);
    });
  });

  it.each(["2130706433", "0x7f000001", "127.1", "017700000001"])(
    "as %s, which only some resolvers take for an address: no such place",
    async (host) => {
      const client = await connectRaw(plainwire);
      client.send(statusRequest(`http://${host}:${portOf(which)}/v1/status`, portOf(which), plainwire.token));
      await client.ended();
      expect(client.text).toMatch(/^HTTP\/1\.1 400 .*\r\n[^]*\r\nplainwire-error: target-invalid\r\n/);
      expect(client.text).not.toMatch(SECRET);
    },
  );
});

/** Linux has all of 127.0.0.0/8 on its loopback interface; a listener on 127.0.0.1 does not answer for the rest. */
function expectRefusal(answer: string, host: string): void {
  expect(answer).not.toMatch(SECRET);
  if (host === "127.1.2.3") expect(answer).toMatch(/\r\nplainwire-error: (?:loop|upstream-refused)\r\n/);
  else expect(answer).toMatch(REFUSED);
}

it("each is a flow that failed as a loop", async () => {
  const client = await connectRaw(plainwire);
  client.send(`GET http://127.0.0.1:${plainwire.port}/round HTTP/1.1\r\nHost: a\r\n\r\n`);
  await client.ended();
  const flow = await feed.failed("/round");
  expect(flow).toMatchObject({ status: 508, error: { code: "loop", leg: "client", answered: 508 } });
  expect(flow.error.hint).toContain("NO_PROXY");
});

it("a plainwire on IPv6 is guarded as well", async (context) => {
  const six = await startPlainwire({ flags: ["--listen", "[::1]:0"] }).catch((error: unknown) => {
    if (String(error).includes("not an address of this machine")) return null;
    throw error;
  });
  if (six === null) return context.skip("this machine has no ::1");
  try {
    for (const host of ["[::1]", "[0:0:0:0:0:0:0:1]"]) {
      const client = await connectRaw(six);
      client.send(statusRequest(`http://${host}:${six.port}/v1/status`, six.port, six.token));
      await client.ended();
      expect(client.text).toMatch(REFUSED);
    }
  } finally {
    await six.stop();
  }
});
