import { describe, expect, it } from "vitest";
import { folders } from "../../src/config/folders.ts";

describe("files are kept where the system keeps such files", () => {
  it("on Linux, by XDG", () => {
    expect(folders({}, "linux", "/home/ada")).toEqual({
      config: "/home/ada/.config/plainwire",
      data: "/home/ada/.local/share/plainwire",
      state: "/home/ada/.local/state/plainwire",
      cache: "/home/ada/.cache/plainwire",
      runtime: "/home/ada/.local/state/plainwire/run",
    });
  });

  it("on Linux, where the XDG variables say; but a relative path there is ignored, as XDG demands", () => {
    const { config, data } = folders({ XDG_CONFIG_HOME: "/etc/ada", XDG_DATA_HOME: "data" }, "linux", "/home/ada");
    expect([config, data]).toEqual(["/etc/ada/plainwire", "/home/ada/.local/share/plainwire"]);
  });

  it.each([
    ["in the session's own folder", true, "/run/user/1000/plainwire"],
    ["with the state, if that folder is another user's", false, "/home/ada/.local/state/plainwire/run"],
  ])("on Linux, what lasts as long as a process: %s", (_title, own, expected) => {
    const { runtime } = folders({ XDG_RUNTIME_DIR: "/run/user/1000" }, "linux", "/home/ada", () => own);
    expect(runtime).toBe(expected);
  });

  it("on macOS, in the Library", () => {
    expect(folders({}, "darwin", "/Users/ada").data).toBe("/Users/ada/Library/Application Support/plainwire");
  });

  it("on Windows, settings roam and data stays", () => {
    const { config, data } = folders({ APPDATA: "R:\\Roaming" }, "win32", "C:\\Users\\ada");
    expect([config, data]).toEqual(["R:\\Roaming\\plainwire", "C:\\Users\\ada\\AppData\\Local\\plainwire"]);
  });
});
