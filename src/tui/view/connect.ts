/** The first page: how to send a program's traffic here. Nothing on it is a promise for later: each line works as it is. */

import { printable } from "../../flow/printable.ts";
import { type Line, span, wrapAll } from "../document.ts";
import type { Model } from "../model.ts";
import type { Surface } from "../surface.ts";

export function drawConnect(surface: Surface, model: Model): void {
  // Commands wrap at the very edge and keep every character, so that a long path can still be copied.
  const lines = wrapAll(connectLines(model, surface.rows - 2), surface.cols);
  lines.slice(0, surface.rows - 2).forEach((line, index) => {
    let x = 0;
    for (const { text, role } of line) x = surface.put(1 + index, x, surface.cols - x, text, role);
  });
}

function connectLines({ hello, flows }: Model, rows: number): Line[] {
  const proxy = printable(hello.proxy, "detail");
  const ca = printable(quoted(hello.ca), "detail");
  const waiting = flows.next === 1 ? "Waiting for the first request. " : "";
  const lines: Line[] = [
    [],
    [span(`  ${waiting}plainwire listens on `), span(proxy, "strong")],
    [],
    [span("  curl, in another terminal:", "heading")],
    command(`curl --proxy ${proxy} \\`),
    command(`  --cacert ${ca} https://example.com`),
    [],
    [span("  whatever is started from a shell (curl, Node 24, OpenSSL's clients):", "heading")],
    command(`export HTTPS_PROXY=${proxy} HTTP_PROXY=${proxy}`),
    command("export http_proxy=$HTTP_PROXY"),
    command(`export SSL_CERT_FILE=${ca}`),
    command(`export NODE_EXTRA_CA_CERTS=${ca}`),
    command("export NODE_USE_ENV_PROXY=1"),
    [],
    [span("  anything else: set the proxy above, and let it trust the CA", "heading")],
    command(ca),
    [],
    [span("  for scripts: `plainwire --headless` prints one line with the feed's address", "dim")],
  ];
  // A low terminal has no room for air.
  return lines.length > rows ? lines.filter((line) => line.length > 0) : lines;
}

function command(text: string): Line {
  return [span("    "), span(text)];
}

/** As one word of a POSIX shell. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
