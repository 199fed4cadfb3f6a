import { describe, expect, it } from "vitest";
import { childVariables, gitProxy, withVariables } from "../../src/machine/child-env.ts";

const places = { proxy: "http://127.0.0.1:8080", ca: "/ca.pem", bundle: "/bundle.pem", wgetrc: "/wgetrc" };
const variables = childVariables(places);

describe("a child's environment", () => {
  it.each([
    ["names the proxy in both cases, as curl reads one and others read the other", "http_proxy", places.proxy],
    ["names the proxy in both cases, as curl reads one and others read the other", "HTTP_PROXY", places.proxy],
    ["leaves no host out", "NO_PROXY", ""],
    ["leaves no host out", "no_proxy", ""],
    ["gives Node.js, which adds to its roots, the CA alone", "NODE_EXTRA_CA_CERTS", "/ca.pem"],
    ["has Node.js look at it at all", "NODE_USE_ENV_PROXY", "1"],
    ["gives those that replace their roots all of them", "SSL_CERT_FILE", "/bundle.pem"],
    ["gives those that replace their roots all of them", "REQUESTS_CA_BUNDLE", "/bundle.pem"],
    ["has no folder of certificates that would be asked first", "SSL_CERT_DIR", null],
  ])("%s: %s", (_title, name, value) => {
    expect(variables[name]).toBe(value);
  });

  it("keeps what was there, but not what would win", () => {
    const env = { PATH: "/bin", SSL_CERT_DIR: "/certs", http_proxy: "http://other:3128", TERM: "xterm" };
    const child = withVariables(env, variables);
    expect(child).toMatchObject({ PATH: "/bin", TERM: "xterm", http_proxy: places.proxy });
    expect(child).not.toHaveProperty("SSL_CERT_DIR");
    expect(env.http_proxy).toBe("http://other:3128");
  });
});

describe("git's setting for the proxy", () => {
  it.each([
    ["alone", {}, "1", "0"],
    ["after those that the environment has", { GIT_CONFIG_COUNT: "2" }, "3", "2"],
    ["alone, if the environment's count is none", { GIT_CONFIG_COUNT: "many" }, "1", "0"],
  ])("%s", (_title, env, count, index) => {
    expect(gitProxy("http://p:1", env)).toEqual({
      GIT_CONFIG_COUNT: count,
      [`GIT_CONFIG_KEY_${index}`]: "http.proxy",
      [`GIT_CONFIG_VALUE_${index}`]: "http://p:1",
    });
  });
});
