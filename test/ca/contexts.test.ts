import { duplexPair } from "node:stream";
import tls from "node:tls";
import { describe, expect, it } from "vitest";
import { createLeafContexts, type LeafContext } from "../../src/ca/contexts.ts";
import { createMinter, type Minter } from "../../src/ca/leaf.ts";
import { createTestCa } from "../support/pki.ts";

const ca = createTestCa("Contexts", { notAfter: new Date(Date.now() + 365 * 86_400_000) });

describe("the contexts of leaves", () => {
  it("mint a name once, also if two clients ask for it at once", async () => {
    const { minter, minted } = countingMinter();
    const contexts = createLeafContexts(minter);
    const ask = async (): Promise<LeafContext> => contexts.contextFor("example.test");
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(minted).toEqual(["example.test"]);
    expect(second.context).toBe(first.context);
    expect(first.mintedMs).toBeGreaterThan(0);
    expect(second.mintedMs).toBeNull();
    expect(contexts.contextFor("EXAMPLE.test.").context).toBe(first.context);
  });

  it("mint anew from a leaf's half life on", () => {
    let time = Date.now();
    const { minter, minted } = countingMinter(() => time);
    const contexts = createLeafContexts(minter, { now: () => time });
    const { renewAt, notAfter } = contexts.contextFor("example.test").leaf;
    time = renewAt - 1;
    expect(contexts.contextFor("example.test").mintedMs).toBeNull();
    time = renewAt;
    const renewed = contexts.contextFor("example.test");
    expect(renewed.mintedMs).not.toBeNull();
    expect(renewed.leaf.notAfter).toBeGreaterThan(notAfter);
    expect(minted).toHaveLength(2);
  });

  it("are bounded: the one that was not asked for longest goes", () => {
    const { minter, minted } = countingMinter();
    const contexts = createLeafContexts(minter, { capacity: 2 });
    for (const name of ["a.test", "b.test", "a.test", "c.test", "a.test", "c.test"]) contexts.contextFor(name);
    expect(minted).toEqual(["a.test", "b.test", "c.test"]);
    contexts.contextFor("b.test");
    expect(minted).toEqual(["a.test", "b.test", "c.test", "b.test"]);
  });

  it("keep nothing for what is no name", () => {
    const contexts = createLeafContexts(countingMinter().minter);
    expect(() => contexts.contextFor("*.com")).toThrow(RangeError);
    expect(() => contexts.contextFor("*.com")).toThrow(RangeError);
  });

  it.each(["example.test", "127.0.0.1", "::1"])("serve %s to a client that trusts the CA", async (name) => {
    const { context } = createLeafContexts(minterOfCa()).contextFor(name);
    const { authorized, chain } = await handshake(context, name);
    expect(authorized).toBe(true);
    expect(chain).toBe(2);
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "resume a session of %s in another context for the name",
    async (version) => {
      const contexts = createLeafContexts(minterOfCa(), { capacity: 1 });
      const first = contexts.contextFor("example.test");
      const { session } = await handshake(first.context, "example.test", { maxVersion: version });
      contexts.contextFor("other.test");
      const second = contexts.contextFor("example.test");
      expect(second.context).not.toBe(first.context);
      const again = await handshake(second.context, "example.test", { maxVersion: version, session });
      expect(again.resumed).toBe(true);
    },
  );

  it("don't share tickets with another process's", async () => {
    const first = createLeafContexts(minterOfCa()).contextFor("example.test");
    const { session } = await handshake(first.context, "example.test");
    const other = createLeafContexts(minterOfCa()).contextFor("example.test");
    expect((await handshake(other.context, "example.test", { session })).resumed).toBe(false);
  });

  it("refuse a client that knows nothing newer than TLS 1.1", async () => {
    const { context } = createLeafContexts(minterOfCa()).contextFor("example.test");
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await expect(handshake(context, "example.test", old)).rejects.toThrow("protocol version");
  });
});

function minterOfCa(now?: () => number): Minter {
  return createMinter({ certificate: ca.certPem, key: ca.keyPem }, now);
}

function countingMinter(now?: () => number): { minter: Minter; minted: string[] } {
  const minted: string[] = [];
  const minter = minterOfCa(now);
  return {
    minted,
    minter: {
      mint(name) {
        const leaf = minter.mint(name);
        minted.push(name);
        return leaf;
      },
    },
  };
}

interface Handshake {
  authorized: boolean;
  resumed: boolean;
  /** Certificates that the server sent. */
  chain: number;
  session: Buffer;
}

/** A whole handshake in memory, up to the session ticket and the server's close. */
function handshake(context: tls.SecureContext, name: string, options: tls.ConnectionOptions = {}): Promise<Handshake> {
  const [near, far] = duplexPair();
  const server = new tls.TLSSocket(far, { isServer: true, secureContext: context });
  server.on("error", () => {}).on("secure", () => server.end("hello"));
  return new Promise((resolve, reject) => {
    const servername = /^[\d.]+$|:/.test(name) ? {} : { servername: name };
    const client = tls.connect({ socket: near, host: name, ...servername, ca: ca.certPem, ...options });
    let session = Buffer.alloc(0);
    client.on("session", (ticket) => (session = ticket));
    client.on("error", reject);
    client.on("end", () => {
      const { authorized } = client;
      const chain = client.getPeerX509Certificate()?.issuerCertificate === undefined ? 1 : 2;
      resolve({ authorized, resumed: client.isSessionReused(), chain, session });
    });
    client.resume();
  });
}
