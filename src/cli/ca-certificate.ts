/** The CA's certificate, as its folder has it: read, never made. */

import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import { EXIT, ToldFailure } from "./explain.ts";

/** The first certificate of the file, whatever else is in it. Throws {@link ToldFailure}. */
export function readCaCertificate(file: string): X509Certificate {
  let text: string;
  try {
    text = fs.readFileSync(file, "latin1");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new ToldFailure(`there is no CA certificate ${file}`, EXIT.ca, HOW_MADE);
    throw new ToldFailure(`the CA certificate can't be read: ${message}`, EXIT.ca);
  }
  try {
    return new X509Certificate(PEM_BLOCK.exec(text)?.[0] ?? "");
  } catch {
    throw new ToldFailure(`${file} holds no PEM certificate`, EXIT.ca);
  }
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;
const HOW_MADE = "it is made by the first start of plainwire, or plainwire run, with the same settings";
