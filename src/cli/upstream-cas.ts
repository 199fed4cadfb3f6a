/** CA certificates that the user trusts for upstreams, from files. */

import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import { ConfigError } from "../config/layer.ts";

export interface UpstreamCa {
  path: string;
  /** One certificate or more. */
  pem: string;
}

/** Reads PEM bundles and single DER certificates. Throws {@link ConfigError}. */
export function readUpstreamCas(paths: string[]): UpstreamCa[] {
  return paths.map((path) => ({ path, pem: read(path) }));
}

function read(path: string): string {
  try {
    const bytes = fs.readFileSync(path);
    const blocks = bytes.toString("latin1").match(PEM_BLOCK);
    if (blocks === null) return new X509Certificate(bytes).toString();
    return blocks.map((block) => new X509Certificate(block).toString()).join("");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? "there is no such file" : code?.startsWith("ERR_OSSL") ? "it holds no certificate" : message;
    throw new ConfigError([`--upstream-ca ${path}: ${why}`]);
  }
}

const PEM_BLOCK = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
