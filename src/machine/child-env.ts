/**
 * The environment in which a program sends its traffic through plainwire and trusts its CA (interface.md, section 3.2).
 * A table, one row an ecosystem: `plainwire run` sets it for a child, `plainwire env` prints it for a shell.
 */

export interface ChildPlaces {
  /** "http://127.0.0.1:8080" */
  proxy: string;
  /** PEM file of the CA alone, for variables that add to a program's roots. */
  ca: string;
  /** PEM file of the usual roots and the CA, for variables that replace a program's roots. */
  bundle: string;
  /** The user's own wgetrc, with what plainwire adds. */
  wgetrc: string;
}

/** Name to value; null where a variable would win over what plainwire sets, and must go. */
export interface Variables {
  [name: string]: string | null;
}

export interface Ecosystem {
  name: string;
  variables: (places: ChildPlaces) => Variables;
}

export const ECOSYSTEMS: readonly Ecosystem[] = [
  { name: "plainwire", variables: () => ({ PLAINWIRE_ACTIVE: "1" }) },
  {
    name: "any program",
    variables: ({ proxy }) => ({
      ...bothCases({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, WS_PROXY: proxy, WSS_PROXY: proxy }),
      // Empty, not unset: some programs have a default of their own, and loopback is worth seeing too.
      ...bothCases({ NO_PROXY: "" }),
    }),
  },
  // A folder of certificates would be asked beside the file, and in some programs instead of it.
  { name: "OpenSSL", variables: ({ bundle }) => ({ SSL_CERT_FILE: bundle, SSL_CERT_DIR: null }) },
  { name: "curl", variables: ({ bundle }) => ({ CURL_CA_BUNDLE: bundle }) },
  // Built with GnuTLS, it reads no other variable.
  { name: "wget", variables: ({ wgetrc }) => ({ WGETRC: wgetrc }) },
  { name: "git", variables: ({ bundle }) => ({ GIT_SSL_CAINFO: bundle }) },
  { name: "Node.js", variables: ({ ca }) => ({ NODE_USE_ENV_PROXY: "1", NODE_EXTRA_CA_CERTS: ca }) },
  {
    name: "npm",
    // A cafile in an npmrc wins over NODE_EXTRA_CA_CERTS, and this one over that.
    variables: ({ proxy, bundle }) => ({
      npm_config_proxy: proxy,
      npm_config_https_proxy: proxy,
      npm_config_noproxy: null,
      npm_config_cafile: bundle,
    }),
  },
  {
    name: "Yarn",
    variables: ({ proxy, bundle }) => ({
      YARN_HTTP_PROXY: proxy,
      YARN_HTTPS_PROXY: proxy,
      YARN_HTTPS_CA_FILE_PATH: bundle,
    }),
  },
  { name: "Deno", variables: ({ ca }) => ({ DENO_CERT: ca }) },
  { name: "Python's requests", variables: ({ bundle }) => ({ REQUESTS_CA_BUNDLE: bundle }) },
  { name: "pip", variables: ({ proxy, bundle }) => ({ PIP_PROXY: proxy, PIP_CERT: bundle }) },
  { name: "Cargo", variables: ({ proxy, bundle }) => ({ CARGO_HTTP_PROXY: proxy, CARGO_HTTP_CAINFO: bundle }) },
  { name: "AWS", variables: ({ bundle }) => ({ AWS_CA_BUNDLE: bundle }) },
  { name: "gcloud", variables: ({ bundle }) => ({ CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: bundle }) },
  { name: "gRPC", variables: ({ bundle }) => ({ GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: bundle }) },
  { name: "httplib2", variables: ({ bundle }) => ({ HTTPLIB2_CA_CERTS: bundle }) },
  { name: "Nix", variables: ({ bundle }) => ({ NIX_SSL_CERT_FILE: bundle }) },
];

/** All rows in one. */
export function childVariables(places: ChildPlaces): Variables {
  return Object.assign({}, ...ECOSYSTEMS.map(({ variables }) => variables(places))) as Variables;
}

/**
 * git's own setting for a proxy wins over the environment's, and only a setting wins over that. Added to those that
 * the environment has already (git-config(1), GIT_CONFIG_COUNT).
 */
export function gitProxy(proxy: string, env: NodeJS.ProcessEnv): Variables {
  const count = /^\d{1,4}$/.test(env["GIT_CONFIG_COUNT"] ?? "") ? Number(env["GIT_CONFIG_COUNT"]) : 0;
  return {
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: "http.proxy",
    [`GIT_CONFIG_VALUE_${count}`]: proxy,
  };
}

/** A copy of `env` in which the variables are as told. */
export function withVariables(env: NodeJS.ProcessEnv, variables: Variables): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => variables[name] === undefined);
  const set = Object.entries(variables).filter(([, value]) => value !== null);
  return Object.fromEntries([...kept, ...set]) as NodeJS.ProcessEnv;
}

/** curl reads http_proxy in lower case only, other programs only the upper case. */
function bothCases(variables: { [name: string]: string }): Variables {
  const lower = Object.entries(variables).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...variables, ...(Object.fromEntries(lower) as Variables) };
}
