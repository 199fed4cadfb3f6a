import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { curl } from "../support/curl.ts";
import { type FeedReader, readFeed } from "../support/feed-reader.ts";
import { needs } from "../support/needs.ts";
import { content, hashOf, type Origin, startOrigin } from "../support/origin.ts";
import { createTestCa } from "../support/pki.ts";
import { openTls } from "../support/raw-client.ts";
import { type Plainwire, startPlainwire, watchMemory } from "../support/plainwire.ts";

const MIB = 1024 * 1024;
const ca = createTestCa();
let plainwire: Plainwire;
let feed: FeedReader;
let secure: Origin;
let plain: Origin;

beforeAll(async () => {
  [secure, plain, plainwire] = await Promise.all([
    startOrigin(ca.issue()),
    startOrigin(),
    startPlainwire({ upstreamCa: ca.certPem }),
  ]);
  feed = await readFeed(plainwire);
});

afterAll(async () => {
  feed?.close();
  await plainwire?.stop();
  await Promise.all([secure?.close(), plain?.close()]);
});

needs("curl")("curl through plainwire", () => {
  it("gets a page over HTTPS, and the flow shows it as it was", async () => {
    const args = ["-H", "X-Odd-CASE: 1", "-H", "x-dup: one", "-H", "X-Dup: two", secure.url("/https")];
    const { code, stdout, stderr } = await curl(plainwire, args);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "this is /https", stderr: "" });

    const flow = await feed.finished("/https");
    expect(flow).toMatchObject({ event: "flow.done", state: "done", kind: "http", method: "GET", status: 200 });
    expect(flow).toMatchObject({ url: secure.url("/https"), host: "localhost", port: secure.port, scheme: "https" });
    expect(flow).toMatchObject({ http: "1.1", reason: "OK", error: null, tunnel: null });
    expect(flow.req.headers.slice(3)).toEqual([
      ["X-Odd-CASE", "1"],
      ["x-dup", "one"],
      ["X-Dup", "two"],
    ]);
    expect(flow.req.headers.flat()).toEqual(secure.headers[secure.requests.indexOf("GET /https")]);
    expect(flow.res?.headers.slice(0, 4)).toEqual([
      ["Content-Type", "text/plain"],
      ["Set-Cookie", "a=1"],
      ["x-lower", "1"],
      ["Set-Cookie", "b=2"],
    ]);
    expect(flow.res).toMatchObject({ size: 14, ours: false, body: { size: 14, kept: 14, mime: "text/plain" } });
    expect(flow.res?.body?.text).toBe("this is /https");
    expect(flow.upstream).toMatchObject({ addr: `127.0.0.1:${secure.port}` });
  });

  it("shows both handshakes and where the time went", async () => {
    await curl(plainwire, [secure.url("/timing")]);
    const { tls, timing, started, t } = await feed.finished("/timing");
    expect(tls.client).toMatchObject({ version: "TLSv1.3", alpn: "http/1.1", sni: "localhost" });
    expect(tls.upstream).toMatchObject({ version: "TLSv1.3", alpn: "http/1.1", verified: true, verdict: "verified" });
    expect(tls.upstream?.chain[0]?.subject).toContain("CN=localhost");
    const { dns, connect, tls: handshake, send, wait, receive, total } = timing;
    for (const step of [dns, connect, handshake, send, wait, receive, total]) {
      expect(step).toBeGreaterThanOrEqual(0);
      expect(step).toBeLessThan(60_000);
    }
    expect(total).toBeLessThanOrEqual(t - started + 1);
  });

  it("gets a page over plain HTTP: the upstream sees origin-form and no proxy fields", async () => {
    const { code, stdout } = await curl(plainwire, [plain.url("/plain")]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "this is /plain" });
    const flow = await feed.finished("/plain");
    expect(flow).toMatchObject({ method: "GET", url: plain.url("/plain"), status: 200, scheme: "http" });
    const index = plain.requests.indexOf("GET /plain");
    expect(plain.headers[index]).toContain(`localhost:${plain.port}`);
    expect(plain.headers[index]).not.toContain("Proxy-Connection");
    expect(flow.req.changes.map(({ what }) => what)).toEqual(["target", "Proxy-Connection"]);
  });

  it("gets a page over plain HTTP inside a tunnel (-p), with nothing changed", async () => {
    const { code, stdout } = await curl(plainwire, ["--proxytunnel", plain.url("/tunnelled")]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "this is /tunnelled" });
    const flow = await feed.finished("/tunnelled");
    expect(flow).toMatchObject({ kind: "http", url: plain.url("/tunnelled"), status: 200, scheme: "http" });
    expect(flow.req.changes).toEqual([]);
  });

  it("gets a page from an IPv4 address", async () => {
    const { code, stdout, stderr } = await curl(plainwire, [secure.url("/address", "127.0.0.1")]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "this is /address", stderr: "" });
    expect((await feed.finished("/address")).tls.client?.sni).toBeNull();
  });

  it("gets a page from an IPv6 address", async (context) => {
    const origin = await startOrigin(ca.issue(), "::1").catch(() => null);
    if (origin === null) return context.skip("this machine has no ::1");
    const { code, stdout, stderr } = await curl(plainwire, [origin.url("/six", "[::1]")]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "this is /six", stderr: "" });
    expect(await feed.finished("/six")).toMatchObject({ host: "::1", upstream: { addr: `[::1]:${origin.port}` } });
    await origin.close();
  });

  it("offers HTTP/2 and gets HTTP/1.1, by default and with --http1.1", async () => {
    for (const version of ["--http2", "--http1.1"]) {
      const { code, stdout } = await curl(plainwire, [
        version,
        "-o",
        "/dev/null",
        "-w",
        "%{http_version}",
        secure.url("/"),
      ]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "1.1" });
    }
  });

  it("posts a body", async () => {
    const body = '{"name":"plainwire"}';
    const { code, stdout } = await curl(plainwire, ["--data", body, secure.url("/upload?post")]);
    expect(code).toBe(0);
    expect(stdout).toContain("this is /upload?post");
    const flow = await feed.finished("/upload?post");
    expect(flow).toMatchObject({ method: "POST", req: { size: body.length, body: { text: body } } });
  });

  it("asks with HEAD, and gets 204 and 304, without waiting for a body", async () => {
    const head = await curl(plainwire, ["--head", secure.url("/bytes/5000")]);
    expect(head.code).toBe(0);
    expect(head.stdout).toContain("Content-Length: 5000");
    for (const status of ["204", "304"]) {
      const args = ["-w", "%{http_code}", secure.url(`/status/${status}`)];
      expect(await curl(plainwire, args)).toMatchObject({ code: 0, stdout: status });
      expect(await feed.finished(`/status/${status}`)).toMatchObject({ status: Number(status), res: { size: 0 } });
    }
  });

  it("asks several times over one connection, and the upstream gets one, too", async () => {
    const before = secure.connections();
    const urls = ["/keep/1", "/keep/2", "/keep/3"].map((path) => secure.url(path));
    const { code, stdout } = await curl(plainwire, ["-w", " %{num_connects} ", ...urls]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "this is /keep/1 1 this is /keep/2 0 this is /keep/3 0 ",
    });
    const flows = await Promise.all(urls.map((url) => feed.finished(url)));
    expect(new Set(flows.map((flow) => flow.client.addr)).size).toBe(1);
    expect(flows.map((flow) => flow.upstream?.reused)).toEqual([false, true, true]);
    expect(secure.connections() - before).toBe(1);
  });

  it("gets chunks with trailers", async () => {
    expect(await curl(plainwire, [secure.url("/trailers")])).toMatchObject({ code: 0, stdout: "one two" });
    const flow = await feed.finished("/trailers");
    expect(flow.res).toMatchObject({ size: 7, trailers: [["X-Checksum", "abc"]], body: { text: "one two" } });
    expect(flow.res?.wire).toBeGreaterThan(7);
  });

  it.each(["gzip", "br", "zstd"])("gets %s content as it was sent; the feed shows it decoded", async (coding) => {
    const { code, stdout } = await curl(plainwire, ["--compressed", secure.url(`/${coding}`)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `{"coded":"${coding}"}` });
    const { res } = await feed.finished(`/${coding}`);
    expect(res?.body).toMatchObject({ coding: [coding], mime: "application/json", text: `{"coded":"${coding}"}` });
  });

  it.each(["https", "http"])("downloads 100 MiB over %s: the same bytes, in little memory", async (scheme) => {
    const origin = scheme === "https" ? secure : plain;
    const hash = createHash("sha256");
    const growth = watchMemory(plainwire.pid);
    const args = [origin.url(`/bytes/${100 * MIB}`)];
    const { code } = await curl(plainwire, args, { onOutput: (chunk) => void hash.update(chunk) });
    expect(code).toBe(0);
    expect(hash.digest("hex")).toBe(hashOf(content(100 * MIB)));
    expect(growth()).toBeLessThan(96 * MIB);
    const flow = await feed.finished(`${scheme}://localhost:${origin.port}/bytes/${100 * MIB}`);
    expect(flow).toMatchObject({ event: "flow.done", res: { size: 100 * MIB, body: { size: 100 * MIB, kept: MIB } } });
  });

  it("uploads 100 MiB in chunks: the same bytes, in little memory", async () => {
    const growth = watchMemory(plainwire.pid);
    const input = Readable.from(content(100 * MIB));
    const { code, stdout } = await curl(plainwire, ["--upload-file", "-", secure.url("/upload/")], { input });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ size: 100 * MIB, sha256: hashOf(content(100 * MIB)) });
    expect(growth()).toBeLessThan(96 * MIB);
    const flow = await feed.finished("/upload/");
    expect(flow).toMatchObject({ event: "flow.done", method: "PUT", req: { size: 100 * MIB } });
  });

  it("a client that does not read stops its own upstream, and nobody else; memory stays flat", async () => {
    const growth = watchMemory(plainwire.pid);
    const stalled = await openTls(plainwire, `localhost:${secure.port}`, { ca: plainwire.ca });
    stalled.pause().write(`GET /bytes/${300 * MIB} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    // In the time that this takes, the other one would have come through a proxy that does not stop it.
    const hash = createHash("sha256");
    const args = [secure.url(`/bytes/${300 * MIB}`)];
    expect((await curl(plainwire, args, { onOutput: (chunk) => void hash.update(chunk) })).code).toBe(0);
    expect(hash.digest("hex")).toBe(hashOf(content(300 * MIB)));
    expect(growth()).toBeLessThan(96 * MIB);

    let size = 0;
    for await (const chunk of stalled as AsyncIterable<Buffer>) size += chunk.length;
    expect(size).toBeGreaterThan(300 * MIB);
    expect(growth()).toBeLessThan(96 * MIB);
  });
});
