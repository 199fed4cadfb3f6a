/** Outside judges of certificates: OpenSSL's command line and Python's ssl module, where the machine has them. */

import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
export const hasPython = spawnSync("python3", ["-c", "import ssl; ssl.VERIFY_X509_STRICT"]).status === 0;
if (!hasOpenssl) console.warn("SKIPPED: certificates are not judged by openssl, which this machine does not have");
if (!hasPython) console.warn("SKIPPED: certificates are not judged by Python's ssl, which this machine does not have");

/** Calls `use` with a folder that is gone afterwards. */
export function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "plainwire-test-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  let result: T;
  try {
    result = use(folder);
  } catch (error) {
    remove();
    throw error;
  }
  if (!(result instanceof Promise)) {
    remove();
    return result;
  }
  // The same promise, settled after the folder is gone.
  return result.finally(remove) as T;
}

/** "OK", or what `openssl verify` has against this certificate as a server's of this name. */
export function opensslVerdict(caPem: string, leafPem: string, name: string, flags = ["-x509_strict"]): string {
  return inFolder((folder) => {
    const [ca, leaf] = [join(folder, "ca.pem"), join(folder, "leaf.pem")];
    writeFileSync(ca, caPem);
    writeFileSync(leaf, leafPem);
    const nameCheck = isIP(name) === 0 ? "-verify_hostname" : "-verify_ip";
    const args = ["verify", ...flags, "-purpose", "sslserver", nameCheck, name, "-no-CApath", "-CAfile", ca, leaf];
    const { status, stdout, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
    return status === 0 ? "OK" : stdout + stderr;
  });
}

/** The certificate as `openssl x509 -text` shows it, white space made single. */
export function opensslText(pem: string): string {
  const text = execFileSync("openssl", ["x509", "-noout", "-text"], { input: pem, encoding: "utf8" });
  return text.replaceAll(/\s+/g, " ");
}

/** Lets Python shake hands, strictly, with servers on loopback. Resolves to "OK" or Python's complaint for each. */
export async function pythonVerdicts(caPem: string, servers: { name: string; port: number }[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)("python3", ["-c", PYTHON, JSON.stringify({ caPem, servers })]);
  return JSON.parse(stdout) as string[];
}

const PYTHON = `
import json, socket, ssl, sys
task = json.loads(sys.argv[1])
context = ssl.create_default_context(cadata=task["caPem"])
context.verify_flags |= ssl.VERIFY_X509_STRICT
def judge(server):
    try:
        with socket.create_connection(("127.0.0.1", server["port"]), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=server["name"]):
                return "OK"
    except Exception as error:
        return str(error)
print(json.dumps([judge(server) for server in task["servers"]]))
`;
