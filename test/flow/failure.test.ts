import { describe, expect, it } from "vitest";
import type { ExchangeFailed } from "../../src/capture/facts.ts";
import { Kind } from "../../src/capture/record.ts";
import { FAILURES, type FailureCode } from "../../src/errors.ts";
import type { FlowEvent, FlowFailed } from "../../src/flow/events.ts";
import { createFlowLog, type FlowLog } from "../../src/flow/log.ts";
import { clientHello, connect, done, EXAMPLE, failed, get, ok, play, record, T0 } from "./tape.ts";

const createLog = (): FlowLog => createFlowLog({ caPath: "/home/me/ca.pem", budgets: { totalBodyBytes: 4096 } });

const events = (log: FlowLog): FlowEvent[] => {
  const all: FlowEvent[] = [];
  for (let seq = log.first; seq < log.next; seq++) all.push(log.at(seq)?.event as FlowEvent);
  return all;
};

const failing = (facts: Partial<ExchangeFailed>, destination = EXAMPLE, tls = true): FlowLog => {
  const log = createLog();
  play(log, ...connect(1, destination, { tls }), get(1, 1), failed(1, 1, facts, 5));
  return log;
};

describe("a failed flow", () => {
  it.each(Object.keys(FAILURES) as FailureCode[])("%s says what happened and what to do", (code) => {
    const log = failing({ code, leg: FAILURES[code].leg });
    const last = events(log).at(-1) as FlowFailed;
    expect(last).toMatchObject({
      event: "flow.failed",
      state: "failed",
      error: { code, step: FAILURES[code].step, answered: null },
    });
    expect(`${last.error.reason} ${last.error.hint}`).not.toMatch(/[{}]/);
  });

  it("names the destination, and the CA to trust", () => {
    const { error } = failing({ code: "client-untrusting", leg: "client" }).flow("f_1") ?? {};
    expect(error?.reason).toBe(
      "the client does not trust plainwire's CA, so it refused the certificate for example.com",
    );
    expect(error?.hint).toContain("curl --cacert /home/me/ca.pem");
  });

  it.each([
    [{ hostname: "example.com", port: 443 }, true, "example.com refused"],
    [{ hostname: "example.com", port: 8443 }, true, "example.com:8443 refused"],
    [{ hostname: "example.com", port: 80 }, false, "example.com refused"],
    [{ hostname: "::1", port: 443 }, false, "[::1]:443 refused"],
  ])("names the port unless the scheme implies it: %j, tls %j", (destination, tls, words) => {
    expect(failing({ code: "upstream-refused" }, destination, tls).flow("f_1")?.error?.reason).toContain(words);
  });

  it("takes text that a peer chose literally", () => {
    const log = createFlowLog({ caPath: "/$&/ca.pem", budgets: { totalBodyBytes: 0 } });
    play(log, ...connect(1, { hostname: "{ca}", port: 443 }), get(1, 1), failed(1, 1, { code: "client-untrusting" }));
    expect(log.flow("f_1")?.error?.hint).toContain("curl --cacert /$&/ca.pem,");
    expect(log.flow("f_1")?.error?.reason).toContain("the certificate for {ca}");
  });

  it("says with which status plainwire answered", () => {
    const log = createLog();
    const head = "HTTP/1.1 504 Gateway Timeout\r\nplainwire-error: upstream-timeout\r\n\r\n";
    const page = [record(Kind.responseOurs, 1, 1, 1), record(Kind.responseHead, 1, 1, 1, head)];
    play(log, ...connect(1, EXAMPLE), get(1, 1), ...page, failed(1, 1, { code: "upstream-timeout", answered: true }));
    expect(log.flow("f_1")).toMatchObject({ status: 504, res: { ours: true }, error: { answered: 504 } });
  });

  it("says so too where the faulty response is shown in the page's place", () => {
    const log = createLog();
    const faulty = record(Kind.responseHead, 1, 1, 1, "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n");
    play(log, ...connect(1, EXAMPLE), get(1, 1), faulty, failed(1, 1, { code: "response-malformed", answered: true }));
    expect(log.flow("f_1")).toMatchObject({ status: 200, res: { ours: false }, error: { answered: 502 } });
  });
});

describe("a failed handshake", () => {
  it("is told before its flow's end, with the alert apart from the platform's words", () => {
    const log = failing({
      code: "client-untrusting",
      leg: "client",
      detail: "alert:unknown_ca ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    });
    expect(events(log).map(({ event }) => event)).toEqual(["flow.request", "tls.failed", "flow.failed"]);
    expect(events(log)[1]).toMatchObject({
      flow: "f_1",
      t: T0 + 5,
      leg: "client",
      sni: null,
      alert: "unknown_ca",
      code: "client-untrusting",
      detail: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
      client: { addr: "127.0.0.1:52166" },
    });
    expect(log.flow("f_1")?.error).toMatchObject({ detail: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" });
    expect(log.flow("f_1")?.error).not.toHaveProperty("alert");
  });

  it("that never became an exchange is an attempt, with the name that the client asked for", () => {
    const log = createLog();
    const [opened, destination] = connect(1, EXAMPLE);
    const hello = record(Kind.clientHello, 1, 0, 0, clientHello("pinned.example.com"));
    const attempt = record(Kind.attemptOpened, 1, 1, 0, { destination: EXAMPLE });
    play(log, opened!, destination!, hello, attempt, failed(1, 1, { code: "client-untrusting", leg: "client" }));
    expect(events(log)[1]).toMatchObject({ event: "tls.failed", sni: "pinned.example.com" });
    expect(log.flow("f_1")).toMatchObject({ kind: "attempt", scheme: "https", url: "example.com:443" });
    expect(log.flow("f_1")?.error?.reason).toMatch(/ example\.com$/);
  });

  it("names what was asked of the upstream", () => {
    const log = failing({ code: "expired", leg: "upstream", detail: "CERT_HAS_EXPIRED" });
    expect(events(log)[1]).toMatchObject({ event: "tls.failed", leg: "upstream", sni: "example.com", alert: null });
  });

  it("is no part of other failures", () => {
    const log = failing({ code: "upstream-reset" });
    expect(events(log).map(({ event }) => event)).toEqual(["flow.request", "flow.failed"]);
  });
});

describe("a flow that the relay leaves open", () => {
  it("fails with its connection", () => {
    const log = createLog();
    const others = [...connect(2, EXAMPLE), get(2, 2)];
    play(log, ...connect(1, EXAMPLE), get(1, 1), ok(1, 1), ...others, record(Kind.connectionClosed, 1, 0, 50));
    expect(log.flow("f_1")).toMatchObject({ state: "failed", t: T0 + 50, error: { code: "client-closed" } });
    expect(log.flow("f_2")).toMatchObject({ state: "open" });
    expect(log.stats()).toMatchObject({ open: 1, failed: 1, strayEnds: 1 });
  });

  it("fails with the connection whose number is taken anew", () => {
    const log = createLog();
    play(log, ...connect(1, EXAMPLE), get(1, 1), ...connect(1, { hostname: "new.test", port: 443 }), get(1, 2));
    expect(log.flow("f_1")?.state).toBe("failed");
    expect(log.flow("f_2")).toMatchObject({ state: "open", host: "new.test", upstream: { reused: false } });
  });

  it.each(["relay-crashed", "shutdown"] as const)("fails as %s, and whoever watches is told", (code) => {
    const log = createLog();
    play(log, ...connect(1, EXAMPLE), get(1, 1), record(Kind.requestBody, 1, 1, 0, "abc"), get(1, 2), done(1, 2));
    let calls = 0;
    log.onAppend(() => calls++);
    log.failOpen(code);
    log.failOpen(code);
    expect(calls).toBe(1);
    expect(log.flow("f_1")).toMatchObject({
      state: "failed",
      req: { size: 3, wire: 3 },
      error: { code, leg: "client" },
    });
    expect(log.flow("f_2")).toMatchObject({ state: "done" });
    expect(log.stats()).toMatchObject({ open: 0, failed: 1, strayEnds: 0 });
  });
});

describe("records that fit nothing", () => {
  it("change nothing and are counted", () => {
    const log = createLog();
    play(log, ...connect(1, EXAMPLE), get(1, 1), ok(1, 1), done(1, 1, {}, 3));
    const before = { flow: log.flow("f_1"), next: log.next };
    const late = [
      done(1, 1),
      failed(1, 1, { code: "upstream-reset" }),
      get(1, 1, "/again"),
      ok(1, 1),
      record(Kind.requestBody, 1, 1, 9, "late"),
      record(Kind.responseBody, 1, 99, 9, "of nobody"),
      record(Kind.clientTls, 77, 0, 9, {}),
    ];
    play(log, ...late);
    expect({ flow: log.flow("f_1"), next: log.next }).toEqual(before);
    expect(log.stats()).toMatchObject({ strayRecords: late.length, strayEnds: 2 });
  });

  it("never stop a flow from ending: a failure that can't be read is one of the relay", () => {
    const log = createLog();
    const garbage = [
      record(Kind.exchangeFailed, 1, 1, 0, "{"),
      record(Kind.exchangeFailed, 1, 2, 0, '{"code":"toString"}'),
    ];
    play(log, ...connect(1, EXAMPLE), get(1, 1), get(1, 2), ...garbage);
    expect([log.flow("f_1"), log.flow("f_2")]).toMatchObject(
      Array(2).fill({ state: "failed", error: { code: "relay-crashed" } }),
    );
  });
});
