import { expect, it } from "vitest";
import { engineEnvironment } from "../../src/cli/environment.ts";

it("the engine starts without what makes other programs use plainwire, and with all else", () => {
  const foreign = {
    HTTPS_PROXY: "x",
    http_proxy: "x",
    ALL_PROXY: "x",
    No_Proxy: "x",
    WSS_PROXY: "x",
    NODE_OPTIONS: "--require ./preload.cjs",
    NODE_EXTRA_CA_CERTS: "x",
    NODE_USE_ENV_PROXY: "1",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    SSL_CERT_FILE: "x",
    SSL_CERT_DIR: "x",
  };
  const own = {
    PATH: "/bin",
    HOME: "/home/ada",
    SSLKEYLOGFILE: "/tmp/keys",
    PLAINWIRE_LISTEN: "x",
    MY_PROXY_NOTES: "x",
  };
  expect(engineEnvironment({ ...foreign, ...own })).toEqual(own);
});
