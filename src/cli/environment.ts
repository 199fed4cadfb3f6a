/**
 * The engine's environment. What makes other programs use plainwire (`HTTPS_PROXY`, `NODE_EXTRA_CA_CERTS`, ...) would
 * make the engine use itself, or trust its own CA for upstreams (design.md, section 2). `NODE_TLS_REJECT_UNAUTHORIZED`
 * is a switch that turns verification off in silence; `--insecure` is plainwire's own.
 */

export function engineEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isForeign(name)));
}

/**
 * The same for a process that runs already. Node.js has read its own variables by then: preloads have run, and
 * `NODE_EXTRA_CA_CERTS` is in its default roots, which the relay doesn't use. The rest is gone in time for the relay.
 */
export function cleanEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env).filter(isForeign)) delete env[name];
}

const isForeign = (name: string): boolean => FOREIGN.has(name) || PROXY.test(name);

const FOREIGN = new Set([
  "NODE_OPTIONS",
  "NODE_EXTRA_CA_CERTS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NODE_USE_ENV_PROXY",
  "NODE_USE_SYSTEM_CA",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
]);
const PROXY = /^(?:https?|all|wss?|ftp|no)_proxy$/i;
