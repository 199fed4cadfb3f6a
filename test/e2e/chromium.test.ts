/** A browser that is told to accept what plainwire's CA signs, and to send even loopback traffic through it. */

import { createHash, X509Certificate } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { type FeedReader, readFeed } from "../support/feed-reader.ts";
import { needs } from "../support/needs.ts";
import { createSelfSigned, createTestCa } from "../support/pki.ts";
import { type Plainwire, startPlainwire } from "../support/plainwire.ts";
import { type Origin, startOrigin } from "../support/origin.ts";
import { type Ran, run } from "../support/run.ts";

const ca = createTestCa();
let plainwire: Plainwire;
let feed: FeedReader;
let origin: Origin;

beforeAll(async () => {
  [origin, plainwire] = await Promise.all([startOrigin(ca.issue()), startPlainwire({ upstreamCa: ca.certPem })]);
  feed = await readFeed(plainwire);
});

beforeEach(() => feed.startOver());

afterAll(async () => {
  feed?.close();
  await plainwire?.stop();
  await origin?.close();
});

/** Prints the page as the browser understood it. */
async function browse(url: string, ...flags: string[]): Promise<Ran> {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "plainwire-chromium-"));
  onTestFinished(() => fs.rmSync(profile, { recursive: true, force: true }));
  return run(
    "chromium",
    [
      ...QUIET,
      `--user-data-dir=${profile}`,
      `--proxy-server=${plainwire.proxyUrl}`,
      "--proxy-bypass-list=<-loopback>",
      ...flags,
      "--dump-dom",
      url,
    ],
    { env: { HOME: profile } },
  );
}

/** Holds for all that the CA signed, as the served chain includes it (interface.md, 3.4). */
function trusting(pem: string): string {
  const spki = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
  return `--ignore-certificate-errors-spki-list=${createHash("sha256").update(spki).digest("base64")}`;
}

needs("chromium")("Chromium through plainwire", () => {
  it("shows a page over HTTPS", async () => {
    const { stdout } = await browse(origin.url("/in-a-browser"), trusting(plainwire.ca));
    expect(stdout).toContain("this is /in-a-browser");
    const flow = await feed.finished("/in-a-browser");
    expect(flow).toMatchObject({ event: "flow.done", method: "GET", status: 200, http: "1.1" });
    expect(flow.tls.client).toMatchObject({ version: "TLSv1.3", alpn: "http/1.1", sni: "localhost" });
    expect(flow.req.headers.find(([name]) => name === "User-Agent")?.[1]).toContain("Chrome");
  });

  it("shows plainwire's own page where the upstream can't be verified", async () => {
    const untrusted = await startOrigin(createSelfSigned());
    const { stdout } = await browse(untrusted.url("/"), trusting(plainwire.ca));
    expect(stdout).toContain("502 Bad Gateway");
    expect(stdout).toContain("is self-signed");
    expect(untrusted.requests).toEqual([]);
    await untrusted.close();
  });

  it("refuses plainwire's certificate if it does not trust the CA, and that is a flow", async () => {
    const { stdout } = await browse(origin.url("/never-seen"));
    expect(stdout).not.toContain("this is /never-seen");
    const { error } = await feed.failed(({ port }) => port === origin.port);
    expect(error).toMatchObject({ code: "client-untrusting", leg: "client" });
    expect(origin.requests).not.toContain("GET /never-seen");
  });
});

const QUIET = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
