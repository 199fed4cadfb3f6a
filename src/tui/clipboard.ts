/**
 * Copying: by a program of the desktop where there is one, else by asking the terminal (OSC 52), which works over SSH too.
 * The only file of the UI that starts programs.
 */

import { spawn } from "node:child_process";
import type { Environment } from "./theme.ts";

export interface ClipboardOptions {
  env: Environment;
  platform?: NodeJS.Platform;
  /** Writes to the terminal. */
  write: (text: string) => void;
}

/** Resolves to where the text went, in words for the user; rejects with an Error that says why it went nowhere. */
export async function copyText(
  text: string,
  { env, platform = process.platform, write }: ClipboardOptions,
): Promise<string> {
  // Over SSH the desktop is another machine's than the user's.
  const tools = env["SSH_TTY"] || env["SSH_CONNECTION"] ? [] : toolsFor(env, platform);
  for (const [tool, ...args] of tools) {
    if (await feed(tool, args, text, env)) return `by ${tool}`;
  }
  return askTerminal(text, env, write);
}

type Tool = readonly [command: string, ...args: string[]];

function toolsFor(env: Environment, platform: NodeJS.Platform): Tool[] {
  if (platform === "darwin") return [["pbcopy"]];
  if (platform === "win32") return [["clip.exe"]];
  const tools: Tool[] = [];
  if (env["WAYLAND_DISPLAY"]) tools.push(["wl-copy"]);
  if (env["DISPLAY"]) tools.push(["xclip", "-selection", "clipboard"], ["xsel", "--clipboard", "--input"]);
  if (env["WSL_DISTRO_NAME"]) tools.push(["clip.exe"]);
  return tools;
}

/** True if the program took the text. What it prints would be drawn over the screen, so it has nowhere to print to. */
function feed(tool: string, args: readonly string[], text: string, env: Environment): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(tool, args, { env, stdio: ["pipe", "ignore", "ignore"], timeout: TOOL_MS });
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
    // One that is not there, or reads nothing, breaks the pipe; its exit tells.
    child.stdin.on("error", () => {});
    // Windows' own reads the console's old code page unless a byte order mark says UTF-16.
    child.stdin.end(tool === "clip.exe" ? Buffer.from(`\ufeff${text}`, "utf16le") : text);
  });
}

function askTerminal(text: string, env: Environment, write: (text: string) => void): string {
  const size = Buffer.byteLength(text);
  if (size > OSC52_BYTES) {
    throw new Error(
      `${Math.ceil(size / 1000)} KB is too much: through the terminal (OSC 52) at most 74 KB can be copied`,
    );
  }
  const request = `${ESC}]52;c;${Buffer.from(text).toString("base64")}\x07`;
  write(request);
  // tmux takes the request itself with `set-clipboard on`, and hands it on with `allow-passthrough on`.
  if (env["TMUX"]) write(`${ESC}Ptmux;${request.replaceAll(ESC, ESC + ESC)}${ESC}\\`);
  return "through the terminal (OSC 52, at most 74 KB), if it allows that";
}

const ESC = "\x1b";
/** What 100,000 characters of base64 hold: terminals take no more (xterm's limit; Emacs and tmux plug-ins quote it). */
const OSC52_BYTES = 74_994;
const TOOL_MS = 2_000;
