import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bareCurl } from "../support/curl.ts";
import { type FeedReader, readFeed } from "../support/feed-reader.ts";
import { needs } from "../support/needs.ts";
import { type Origin, startOrigin } from "../support/origin.ts";
import { createTestCa } from "../support/pki.ts";
import { type Plainwire, startPlainwire } from "../support/plainwire.ts";
import { tunnelTls } from "../support/raw-client.ts";
import { run } from "../support/run.ts";

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

beforeEach(() => feed.startOver());

afterAll(async () => {
  feed?.close();
  await plainwire?.stop();
  await Promise.all([secure?.close(), plain?.close()]);
});

const proxies = (): NodeJS.ProcessEnv => ({
  HTTP_PROXY: plainwire.proxyUrl,
  HTTPS_PROXY: plainwire.proxyUrl,
  http_proxy: plainwire.proxyUrl,
});

describe("Node's fetch through plainwire", () => {
  const fetchAll = (urls: string[], env: NodeJS.ProcessEnv) => {
    const script = `for (const url of ${JSON.stringify(urls)}) {
      const response = await fetch(url, { method: "POST", body: "from fetch" });
      console.log(response.status, await response.text());
    }`;
    return run(process.execPath, ["--input-type=module", "--eval", script], {
      env: { ...proxies(), NODE_USE_ENV_PROXY: "1", ...env },
    });
  };

  it("posts over HTTPS and HTTP", async () => {
    const urls = [secure.url("/fetch-secure"), plain.url("/fetch-plain")];
    const { code, stdout, stderr } = await fetchAll(urls, { NODE_EXTRA_CA_CERTS: plainwire.caPath });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "200 this is /fetch-secure\n200 this is /fetch-plain\n",
      stderr: "",
    });
    for (const url of urls) {
      expect(await feed.finished(url)).toMatchObject({
        event: "flow.done",
        method: "POST",
        req: { body: { text: "from fetch" } },
      });
    }
  });
});

needs("python3")("Python's urllib through plainwire", () => {
  const SCRIPT = `
import sys, urllib.request
for url in sys.argv[1:]:
    with urllib.request.urlopen(url) as response:
        print(response.status, response.read().decode())
`;

  it("gets over HTTPS and HTTP", async () => {
    const urls = [secure.url("/urllib-secure"), plain.url("/urllib-plain")];
    const env = { ...proxies(), SSL_CERT_FILE: plainwire.caPath };
    const { code, stdout, stderr } = await run("python3", ["-c", SCRIPT, ...urls], { env });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "200 this is /urllib-secure\n200 this is /urllib-plain\n",
      stderr: "",
    });
    for (const url of urls) expect(await feed.finished(url)).toMatchObject({ event: "flow.done", status: 200 });
  });
});

describe("a client that does not trust plainwire's CA is a flow that failed", () => {
  const refused = async (path: string, origin: Origin) => {
    const flow = await feed.failed((one) => one.port === origin.port);
    expect(flow).toMatchObject({
      kind: "attempt",
      error: { code: "client-untrusting", leg: "client", answered: null },
    });
    expect(flow.error.reason).toContain(`localhost:${origin.port}`);
    expect(flow.error.hint).toContain(plainwire.caPath);
    expect(origin.requests).not.toContain(`GET ${path}`);
    return feed.tlsFailed((event) => event.flow === flow.flow);
  };

  needs("curl")("curl", () => {
    it("sends an alert", async () => {
      const origin = await startOrigin(ca.issue());
      const { code, stderr } = await bareCurl(["--proxy", plainwire.proxyUrl, origin.url("/untrusting")]);
      expect(code).toBe(60);
      expect(stderr).toContain("certificate");
      expect(await refused("/untrusting", origin)).toMatchObject({
        leg: "client",
        alert: "unknown_ca",
        sni: "localhost",
      });
      await origin.close();
    });
  });

  it("Node's fetch closes the connection without a word", async () => {
    const origin = await startOrigin(ca.issue());
    const script = `await fetch(${JSON.stringify(origin.url("/untrusting"))}).catch((error) => console.log(error.cause.code));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
      env: { ...proxies(), NODE_USE_ENV_PROXY: "1" },
    });
    expect(stdout).toMatch(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY/);
    expect(await refused("/untrusting", origin)).toMatchObject({ leg: "client", alert: null, sni: "localhost" });
    await origin.close();
  });

  needs("python3")("Python's urllib", () => {
    it("sends an alert", async () => {
      const origin = await startOrigin(ca.issue());
      const script = `import urllib.request; urllib.request.urlopen(${JSON.stringify(origin.url("/untrusting"))})`;
      const { code, stderr } = await run("python3", ["-c", script], { env: proxies() });
      expect(code).toBe(1);
      expect(stderr).toContain("CERTIFICATE_VERIFY_FAILED");
      expect(await refused("/untrusting", origin)).toMatchObject({ alert: "unknown_ca" });
      await origin.close();
    });
  });
});

it("fifty clients at a time each get their own answer", async () => {
  const ask = async (number: number): Promise<string> => {
    const client = await tunnelTls(plainwire, `localhost:${secure.port}`, { ca: plainwire.ca });
    client.send(`GET /own/${number} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.until(`this is /own/${number}`);
    return client.text.split("\r\n\r\n")[1] ?? "";
  };
  const numbers = [...Array(50).keys()];
  const bodies = await Promise.all(numbers.map(ask));
  expect(bodies).toEqual(numbers.map((number) => `this is /own/${number}`));
});
