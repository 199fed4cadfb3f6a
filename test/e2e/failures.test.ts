/** What a client, and who looks on, is told when an upstream can't be reached or trusted. */

import { once } from "node:events";
import fs from "node:fs";
import net, { type AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createMinter } from "../../src/ca/leaf.ts";
import { openBlackHole } from "../support/black-hole.ts";
import { type FeedReader, readFeed } from "../support/feed-reader.ts";
import { createSelfSigned, createTestCa, type TestCertificate } from "../support/pki.ts";
import { type Plainwire, startPlainwire, temporaryFolder } from "../support/plainwire.ts";
import { connectRaw, tunnelPlain, tunnelTls } from "../support/raw-client.ts";
import { startRawOrigin } from "../support/raw-origin.ts";

const DAY = 86_400_000;
const ca = createTestCa();
const unknown = createTestCa("Unknown Root");
const folder = temporaryFolder();
let plainwire: Plainwire;
let feed: FeedReader;

beforeAll(async () => {
  // What is in the environment for other programs must not count here.
  const extra = path.join(folder.path, "extra.pem");
  fs.writeFileSync(extra, unknown.certPem);
  plainwire = await startPlainwire({
    upstreamCa: ca.certPem,
    flags: ["--handshake-timeout", "1500", "--connect-timeout", "1500"],
    env: { NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_EXTRA_CA_CERTS: extra, SSL_CERT_FILE: extra },
  });
  feed = await readFeed(plainwire);
});

beforeEach(() => feed.startOver());

afterAll(async () => {
  feed?.close();
  await plainwire?.stop();
  folder.remove();
});

const REQUEST = "POST /secret?password=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecret";

/** Asks through CONNECT and TLS; returns everything that comes back. */
async function ask(authority: string, request = REQUEST, through = plainwire): Promise<string> {
  const client = await tunnelTls(through, authority, { ca: through.ca });
  client.send(request);
  expect(await client.ended()).toBe("end");
  return client.text;
}

/** What somebody could serve who has stolen the CA's key. */
function leafOfOwnCa({ ca: certificate, caPath }: Plainwire): TestCertificate {
  const name = fs.readdirSync(path.dirname(caPath)).find((file) => file.includes("key")) ?? "";
  const key = fs.readFileSync(path.join(path.dirname(caPath), name), "utf8");
  const leaf = createMinter({ certificate, key }).mint("localhost");
  return { certPem: leaf.certificatePem, chainPem: leaf.chainPem, keyPem: leaf.keyPem };
}

async function unusedPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("an upstream that can't be verified is sent nothing", () => {
  const unknownLeaf = unknown.issue();
  const rows: [title: string, code: string, certificate: () => TestCertificate, words: string][] = [
    ["self-signed", "self-signed", () => createSelfSigned(), "is self-signed"],
    [
      "from an unknown root",
      "unknown-root",
      () => ({ ...unknownLeaf, chainPem: unknownLeaf.certPem + unknown.certPem }),
      "leads to a root that this machine does not trust",
    ],
    ["without its chain", "no-root", () => unknownLeaf, "is incomplete"],
    ["for another host", "host-mismatch", () => ca.issue({ names: ["other.test"] }), "is for another name"],
    [
      "expired",
      "expired",
      () => ca.issue({ notBefore: new Date(Date.now() - 3 * DAY), notAfter: new Date(Date.now() - DAY) }),
      "has expired",
    ],
    [
      "not yet valid",
      "not-yet-valid",
      () => ca.issue({ notBefore: new Date(Date.now() + DAY), notAfter: new Date(Date.now() + 2 * DAY) }),
      "is not valid yet",
    ],
    ["for another use", "chain-invalid", () => ca.issue({ extendedKeyUsages: ["1.3.6.1.5.5.7.3.2"] }), "is not valid"],
    [
      "minted by plainwire's own CA",
      "unknown-root",
      () => leafOfOwnCa(plainwire),
      "leads to a root that this machine does not trust",
    ],
  ];

  it.each(rows)("%s: %s", async (_title, code, certificate, words) => {
    const origin = await startRawOrigin(() => {}, { certificate: certificate() });
    const authority = `localhost:${origin.port}`;
    const answer = await ask(authority);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(head).toContain(`\r\nplainwire-error: ${code}`);
    expect(head).toContain("\r\nContent-Type: text/plain; charset=utf-8");
    expect(head).toContain("\r\nConnection: close");
    expect(body).toContain(words);
    expect(body).toContain(authority);
    expect(body).toContain("What to do: ");
    expect(body).not.toContain("secret");

    expect(origin.accepted()).toBe(1);
    expect(origin.received()).toBe("");

    const flow = await feed.failed(({ port }) => port === origin.port);
    expect(flow).toMatchObject({ method: "POST", url: `https://${authority}/secret?password=1`, status: 502 });
    expect(flow).toMatchObject({
      res: { ours: true },
      error: { code, leg: "upstream", step: "verify", answered: 502 },
    });
    expect(flow.error.reason).toContain(authority);
    expect(flow.error.reason).toContain(words);
    expect(flow.error.hint).not.toBe("");
    expect(flow.tls.upstream).toMatchObject({ verified: false, verdict: code, insecure: false });
    expect(await feed.tlsFailed((event) => event.flow === flow.flow)).toMatchObject({
      leg: "upstream",
      code,
      sni: "localhost",
    });
  });

  it("minted by plainwire's own CA, where the system and the user say that it is to be trusted", async () => {
    const flags = ["--ca-dir", path.join(folder.path, "ca")];
    const first = await startPlainwire({ flags });
    await first.stop();
    // What `SSL_CERT_FILE` names is the system's store for OpenSSL, and so for Node where it is asked to read that.
    const env = { NODE_USE_SYSTEM_CA: "1", SSL_CERT_FILE: first.caPath };
    const second = await startPlainwire({ flags, env, upstreamCa: first.ca });
    try {
      const origin = await startRawOrigin(() => {}, { certificate: leafOfOwnCa(second) });
      const answer = await ask(`localhost:${origin.port}`, REQUEST, second);
      expect(answer).toContain("\r\nplainwire-error: unknown-root\r\n");
      expect(origin.received()).toBe("");
      expect(second.stderr()).toContain("a plainwire CA among the extra upstream CAs was left out");
    } finally {
      await second.stop();
    }
  });

  it("a request to an https: URL, without CONNECT, is treated the same", async () => {
    const origin = await startRawOrigin(() => {}, { certificate: createSelfSigned() });
    const client = await connectRaw(plainwire);
    client.send(`GET https://localhost:${origin.port}/absolute HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(await client.ended()).toBe("end");
    expect(client.text).toContain("\r\nplainwire-error: self-signed\r\n");
    expect(origin.received()).toBe("");
    await feed.failed("/absolute");
  });
});

describe("an upstream that can't be reached", () => {
  const expectFailure = async (answer: string, port: number, code: string, status = 502) => {
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\n`));
    expect(answer).toContain(`\r\nplainwire-error: ${code}\r\n`);
    const flow = await feed.failed((one) => one.port === port);
    expect(flow.error).toMatchObject({ code, leg: "upstream", answered: status });
    return flow;
  };

  it("the name does not exist", async () => {
    const answer = await ask("no-such-host.invalid:4430");
    // Where there is no DNS at all, nobody can say that the name does not exist.
    expect(answer).toMatch(/\r\nplainwire-error: dns-(?:not-found|failed)\r\n/);
    const flow = await feed.failed(({ host }) => host === "no-such-host.invalid");
    expect(flow).toMatchObject({ port: 4430, status: 502, error: { step: "dns", answered: 502 } });
    expect(flow.error.reason).toContain("no-such-host.invalid:4430");
  });

  it("nothing listens", async () => {
    const port = await unusedPort();
    const flow = await expectFailure(await ask(`127.0.0.1:${port}`), port, "upstream-refused");
    expect(flow.error.detail).toContain("ECONNREFUSED");
  });

  it("nothing listens: asked over plain HTTP", async () => {
    const port = await unusedPort();
    const client = await connectRaw(plainwire);
    client.send(`GET http://127.0.0.1:${port}/x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    expect(await client.ended()).toBe("end");
    await expectFailure(client.text, port, "upstream-refused");
  });

  it("nothing listens: asked over plain HTTP inside a tunnel", async () => {
    const port = await unusedPort();
    const client = await tunnelPlain(plainwire, `127.0.0.1:${port}`);
    client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await client.ended()).toBe("end");
    await expectFailure(client.text, port, "upstream-refused");
  });

  it.runIf(process.platform === "linux")("packets are dropped", async () => {
    const hole = await openBlackHole();
    try {
      const flow = await expectFailure(await ask(`127.0.0.1:${hole.port}`), hole.port, "upstream-timeout", 504);
      expect(flow.error.hint).toContain("--connect-timeout");
    } finally {
      await hole.close();
    }
  });

  it("the TLS handshake is never answered", async () => {
    const origin = await startRawOrigin(() => {});
    await expectFailure(await ask(`127.0.0.1:${origin.port}`), origin.port, "upstream-timeout", 504);
    expect(origin.received()).not.toContain("secret");
  });

  it("it speaks HTTP where TLS is asked for", async () => {
    const origin = await startRawOrigin((peer) => void peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await expectFailure(await ask(`127.0.0.1:${origin.port}`), origin.port, "upstream-not-tls");
    expect(origin.received()).not.toContain("secret");
  });

  it("it closes during the handshake", async () => {
    const origin = await startRawOrigin(async (peer) => {
      await peer.untilLength(1);
      peer.finish();
    });
    const answer = await ask(`127.0.0.1:${origin.port}`);
    expect(answer).toMatch(/\r\nplainwire-error: upstream-(?:closed|tls)\r\n/);
    expect((await feed.failed((flow) => flow.port === origin.port)).error.leg).toBe("upstream");
  });

  it("it closes without an answer", async () => {
    const origin = await startRawOrigin(
      async (peer) => {
        await peer.until("secret");
        peer.finish();
      },
      { certificate: ca.issue() },
    );
    const client = await tunnelTls(plainwire, `localhost:${origin.port}`, { ca: plainwire.ca });
    client.send(REQUEST);
    await client.ended();
    expect(await feed.failed((flow) => flow.port === origin.port)).toMatchObject({
      error: { code: "upstream-closed" },
    });
  });

  it("the target names no place", async () => {
    const client = await connectRaw(plainwire);
    client.send("GET /not-a-proxy-request HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await client.ended()).toBe("end");
    expect(client.text).toMatch(/^HTTP\/1\.1 400 .*\r\n/);
    expect(client.text).toContain("\r\nplainwire-error: target-invalid\r\n");
    await feed.failed("/not-a-proxy-request");
  });
});

describe("plainwire's own page", () => {
  const askFor = async (certificate: TestCertificate, request: string) => {
    const origin = await startRawOrigin(() => {}, { certificate });
    return ask(`localhost:${origin.port}`, request);
  };

  it("is HTML for a browser, and inert whatever the upstream says of itself", async () => {
    const name = `<script>alert(1)</script>"'&.test`;
    const request = "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html,*/*;q=0.8\r\n\r\n";
    const answer = await askFor(ca.issue({ names: [name] }), request);
    expect(answer).toContain("\r\nContent-Type: text/html; charset=utf-8\r\n");
    expect(answer).toContain("\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n");
    expect(answer).toContain("\r\nCache-Control: no-store\r\n");
    expect(answer).toContain("\r\nX-Content-Type-Options: nosniff\r\n");
    expect(answer).toContain("alert(1)");
    expect(answer).not.toMatch(/<script|<a |<form|on\w+=/i);
  });

  it("holds no path, address or token of the machine's", async () => {
    for (const accept of ["text/html", "*/*"]) {
      const answer = await askFor(createSelfSigned(), `GET / HTTP/1.1\r\nHost: a\r\nAccept: ${accept}\r\n\r\n`);
      for (const secret of [
        plainwire.token,
        plainwire.caPath,
        path.dirname(plainwire.caPath),
        new URL(plainwire.feedUrl).host,
      ]) {
        expect(answer).not.toContain(secret);
      }
    }
  });

  it("has no body in answer to HEAD", async () => {
    const answer = await askFor(createSelfSigned(), "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(answer).toContain("\r\nplainwire-error: self-signed\r\n");
    expect(answer.endsWith("\r\n\r\n")).toBe(true);
    expect(answer.indexOf("\r\n\r\n")).toBe(answer.length - 4);
  });
});

describe("--insecure", () => {
  it("relays to an upstream that can't be verified, and says so on the flow", async () => {
    const insecure = await startPlainwire({ flags: ["--insecure"] });
    const watching = await readFeed(insecure);
    try {
      const response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
      const origin = await startRawOrigin(
        async (peer) => {
          await peer.until("secret");
          peer.finish(response);
        },
        { certificate: createSelfSigned() },
      );
      expect(await ask(`localhost:${origin.port}`, REQUEST, insecure)).toBe(response);
      expect(origin.received()).toBe(REQUEST);
      const flow = await watching.finished("/secret");
      expect(flow).toMatchObject({ event: "flow.done", status: 200, error: null });
      expect(flow.tls.upstream).toMatchObject({ verified: false, verdict: "self-signed", insecure: true });
    } finally {
      watching.close();
      await insecure.stop();
    }
  });
});
