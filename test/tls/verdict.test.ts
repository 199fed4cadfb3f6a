import net from "node:net";
import tls from "node:tls";
import { describe, expect, it } from "vitest";
import { FAILURES, type FailureCode } from "../../src/errors.ts";
import { alertOf, isRejection, type PlatformError, verdictOf } from "../../src/tls/verdict.ts";
import { createSelfSigned, createTestCa, type TestCertificate } from "../support/pki.ts";

const DAY = 86_400_000;

describe("the verdict on an upstream", () => {
  const root = createTestCa();
  const names = ["example.test"];
  const stranger = createTestCa("Stranger");
  const strangersLeaf = stranger.issue({ names });
  const rsaRoot = createTestCa("RSA root", { key: "rsa2048" });
  const underIntermediate = root.intermediate().issue({ names });
  const ago = (days: number): Date => new Date(Date.now() - days * DAY);

  it.each<[FailureCode, string, TestCertificate]>([
    ["self-signed", "shows a certificate that it signed itself", createSelfSigned({ names })],
    ["unknown-root", "shows a chain up to a root of its own", withRoot(strangersLeaf, stranger.certPem)],
    ["no-root", "shows a certificate whose root is nowhere", strangersLeaf],
    ["no-root", "leaves its intermediate out", { ...underIntermediate, chainPem: underIntermediate.certPem }],
    ["expired", "shows an old certificate", root.issue({ names, notBefore: ago(9), notAfter: ago(1) })],
    ["not-yet-valid", "shows tomorrow's certificate", root.issue({ names, notBefore: ago(-1), notAfter: ago(-9) })],
    [
      "expired",
      "shows an old intermediate",
      root.intermediate("Old", { notBefore: ago(9), notAfter: ago(1) }).issue({ names }),
    ],
    ["host-mismatch", "shows a certificate for another name", root.issue({ names: ["other.test"] })],
    ["host-mismatch", "shows a certificate without any name", root.issue({ names: [], cn: "other" })],
    ["chain-invalid", "shows a client's certificate", root.issue({ names, extendedKeyUsages: ["1.3.6.1.5.5.7.3.2"] })],
    ["weak", "has an RSA key of 1024 bits", rsaRoot.issue({ names, key: "rsa1024" })],
    ["weak", "has a certificate that was signed over SHA-1", rsaRoot.issue({ names, digest: "sha1" })],
    ["weak", "has a certificate that was signed over MD5", rsaRoot.issue({ names, digest: "md5" })],
    ["weak", "has an intermediate with a weak key", rsaRoot.intermediate("Weak", { key: "rsa1024" }).issue({ names })],
  ])("is %s where it %s", async (code, _title, certificate) => {
    const error = await connectTo(tlsServer(certificate), { ca: [root.certPem, rsaRoot.certPem] });
    expect(error && verdictOf(error)).toBe(code);
    expect(error && alertOf(error)).toBeNull();
  });

  it("is none where it shows a good chain", async () => {
    expect(await connectTo(tlsServer(underIntermediate), { ca: root.certPem })).toBeNull();
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "names the alert where it demands a client certificate, %s",
    async (version) => {
      const demanding = { requestCert: true, rejectUnauthorized: true, ca: root.certPem, maxVersion: version };
      const error = await connectTo(tlsServer(root.issue({ names }), demanding), { ca: root.certPem });
      // TLS 1.2 has no alert for it: all that is known is a handshake that failed.
      const expected =
        version === "TLSv1.3"
          ? ["client-certificate-required", "certificate_required"]
          : ["upstream-tls", "handshake_failure"];
      expect(error && [verdictOf(error), alertOf(error)]).toEqual(expected);
    },
  );

  it("names the alert where no version is spoken by both", async () => {
    const old = tlsServer(root.issue({ names }), { maxVersion: "TLSv1.2" });
    const error = await connectTo(old, { ca: root.certPem, minVersion: "TLSv1.3" });
    expect(error && [verdictOf(error), alertOf(error)]).toEqual(["upstream-tls", "protocol_version"]);
  });

  it.each<[FailureCode, string, string | Buffer]>([
    ["upstream-not-tls", "answers with HTTP", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"],
    ["upstream-not-tls", "greets with SSH", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["upstream-not-tls", "greets with SMTP", "220 mail.test ESMTP\r\n"],
    ["upstream-not-tls", "sends zeros", Buffer.alloc(64)],
    ["upstream-not-tls", "announces a record that is too long", Buffer.from([0x16, 3, 3, 0xff, 0xff, 1, 2, 3, 4])],
    ["upstream-tls", "sends an alert", Buffer.from([0x15, 3, 3, 0, 2, 2, 40])],
    ["upstream-closed", "closes without a word", ""],
  ])("is %s where it %s", async (code, _title, answer) => {
    const error = await connectTo((socket) => socket.once("data", () => socket.end(answer)));
    expect(error && verdictOf(error)).toBe(code);
  });
});

describe("the table of verdicts", () => {
  it.each<[string, FailureCode]>([
    ["SELF_SIGNED_CERT_IN_CHAIN", "unknown-root"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "no-root"],
    ["UNABLE_TO_GET_ISSUER_CERT", "no-root"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "no-root"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed"],
    ["CERT_HAS_EXPIRED", "expired"],
    ["CERT_NOT_YET_VALID", "not-yet-valid"],
    ["INVALID_CA", "chain-invalid"],
    ["INVALID_PURPOSE", "chain-invalid"],
    ["PATH_LENGTH_EXCEEDED", "chain-invalid"],
    ["CERT_SIGNATURE_FAILURE", "chain-invalid"],
    ["CERT_CHAIN_TOO_LONG", "chain-invalid"],
    ["CERT_UNTRUSTED", "chain-invalid"],
    ["CERT_REJECTED", "chain-invalid"],
    ["UNABLE_TO_GET_CRL", "chain-invalid"],
    ["CRL_HAS_EXPIRED", "chain-invalid"],
    ["UNSPECIFIED", "chain-invalid"],
    ["HOSTNAME_MISMATCH", "host-mismatch"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "host-mismatch"],
    ["CERT_REVOKED", "revoked"],
    ["ERR_SSL_EE_KEY_TOO_SMALL", "weak"],
    ["ERR_SSL_CA_MD_TOO_WEAK", "weak"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "upstream-not-tls"],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "upstream-not-tls"],
    ["ERR_SSL_HTTP_REQUEST", "upstream-not-tls"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "client-certificate-required"],
    ["ERR_SSL_UNSUPPORTED_PROTOCOL", "upstream-tls"],
    ["ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "upstream-tls"],
    ["ERR_SSL_DH_KEY_TOO_SMALL", "upstream-tls"],
    ["ERR_SSL_NO_APPLICATION_PROTOCOL", "upstream-tls"],
    ["ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE", "upstream-tls"],
    ["ENOTFOUND", "dns-not-found"],
    ["EAI_AGAIN", "dns-failed"],
    ["ECONNREFUSED", "upstream-refused"],
    ["EHOSTUNREACH", "upstream-unreachable"],
    ["ENETUNREACH", "upstream-unreachable"],
    ["ETIMEDOUT", "upstream-timeout"],
    ["ECONNRESET", "upstream-reset"],
    ["EPIPE", "upstream-reset"],
    ["ESOMETHINGELSE", "upstream-tls"],
    ["constructor", "upstream-tls"],
  ])("%s is %s", (code, expected) => {
    expect(verdictOf({ code, message: code })).toBe(expected);
    expect(FAILURES[expected].leg).toBe("upstream");
  });

  it.each<[FailureCode, string]>([
    ["chain-invalid", "permitted subtree violation"],
    ["chain-invalid", "unhandled critical extension"],
    ["weak", "CA signature digest algorithm too weak"],
    ["weak", "EE certificate key too weak"],
  ])("OpenSSL's words without a code of Node's are %s: %s", (expected, message) => {
    expect(verdictOf({ code: "UNSPECIFIED", message })).toBe(expected);
  });

  it.each<[string, PlatformError, FailureCode]>([
    ["EPROTO", { code: "EPROTO", message: `write EPROTO ${line("wrong version number")}` }, "upstream-not-tls"],
    ["no code", { message: line("http request") }, "upstream-not-tls"],
    [
      "an alert",
      { code: "EPROTO", message: `${line("tlsv13 alert certificate required")}SSL alert number 116` },
      "client-certificate-required",
    ],
    ["words of no system", { message: "something else" }, "upstream-tls"],
  ])("reads OpenSSL's line where Node gives only %s", (_title, error, expected) => {
    expect(verdictOf(error)).toBe(expected);
  });

  it("does not believe what the upstream wrote into its certificate", () => {
    const message = `is not in the cert's altnames: DNS:${line("wrong version number")}SSL alert number 116 too weak`;
    const error = { code: "ERR_TLS_CERT_ALTNAME_INVALID", message };
    expect(verdictOf(error)).toBe("host-mismatch");
    expect(alertOf(error)).toBeNull();
  });
});

describe("the alert that a peer sent", () => {
  it.each([
    ["bad_certificate", "SSLV3_ALERT_BAD_CERTIFICATE", "SSL/TLS_ALERT_BAD_CERTIFICATE", true],
    ["unsupported_certificate", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", "SSL/TLS_ALERT_UNSUPPORTED_CERTIFICATE", true],
    ["certificate_revoked", "SSLV3_ALERT_CERTIFICATE_REVOKED", "SSL/TLS_ALERT_CERTIFICATE_REVOKED", true],
    ["certificate_expired", "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSL/TLS_ALERT_CERTIFICATE_EXPIRED", true],
    ["certificate_unknown", "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "SSL/TLS_ALERT_CERTIFICATE_UNKNOWN", true],
    ["unknown_ca", "TLSV1_ALERT_UNKNOWN_CA", "TLSV1_ALERT_UNKNOWN_CA", true],
    ["illegal_parameter", "SSLV3_ALERT_ILLEGAL_PARAMETER", "SSL/TLS_ALERT_ILLEGAL_PARAMETER", false],
    ["handshake_failure", "SSLV3_ALERT_HANDSHAKE_FAILURE", "SSL/TLS_ALERT_HANDSHAKE_FAILURE", false],
    ["unexpected_message", "SSLV3_ALERT_UNEXPECTED_MESSAGE", "SSL/TLS_ALERT_UNEXPECTED_MESSAGE", false],
    ["bad_record_mac", "SSLV3_ALERT_BAD_RECORD_MAC", "SSL/TLS_ALERT_BAD_RECORD_MAC", false],
    ["access_denied", "TLSV1_ALERT_ACCESS_DENIED", "TLSV1_ALERT_ACCESS_DENIED", false],
    ["decode_error", "TLSV1_ALERT_DECODE_ERROR", "TLSV1_ALERT_DECODE_ERROR", false],
    ["decrypt_error", "TLSV1_ALERT_DECRYPT_ERROR", "TLSV1_ALERT_DECRYPT_ERROR", false],
    ["protocol_version", "TLSV1_ALERT_PROTOCOL_VERSION", "TLSV1_ALERT_PROTOCOL_VERSION", false],
    ["insufficient_security", "TLSV1_ALERT_INSUFFICIENT_SECURITY", "TLSV1_ALERT_INSUFFICIENT_SECURITY", false],
    ["internal_error", "TLSV1_ALERT_INTERNAL_ERROR", "TLSV1_ALERT_INTERNAL_ERROR", false],
    ["inappropriate_fallback", "TLSV1_ALERT_INAPPROPRIATE_FALLBACK", "TLSV1_ALERT_INAPPROPRIATE_FALLBACK", false],
    ["missing_extension", "TLSV13_ALERT_MISSING_EXTENSION", "TLSV13_ALERT_MISSING_EXTENSION", false],
    ["unsupported_extension", "TLSV1_UNSUPPORTED_EXTENSION", "TLSV1_UNSUPPORTED_EXTENSION", false],
    ["unrecognized_name", "TLSV1_UNRECOGNIZED_NAME", "TLSV1_UNRECOGNIZED_NAME", false],
    [
      "bad_certificate_status_response",
      "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE",
      "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE",
      false,
    ],
    ["certificate_required", "TLSV13_ALERT_CERTIFICATE_REQUIRED", "TLSV13_ALERT_CERTIFICATE_REQUIRED", false],
    ["no_application_protocol", "TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "TLSV1_ALERT_NO_APPLICATION_PROTOCOL", false],
  ])("is %s, as %s (OpenSSL 3.0) and %s (3.5)", (name, old, current, rejection) => {
    for (const code of [old, current]) expect(alertOf({ code: `ERR_SSL_${code}`, message: "" })).toBe(name);
    expect(isRejection(name)).toBe(rejection);
  });

  it.each([
    [
      "a number that OpenSSL has a name for",
      { code: "EPROTO", message: `${line("tlsv1 alert unknown ca")}SSL alert number 48` },
      "unknown_ca",
    ],
    [
      "a number that nobody has a name for",
      { code: "EPROTO", message: `${line("reason(1077)")}SSL alert number 77` },
      "alert_77",
    ],
    ["a name alone", { message: line("ssl/tls alert bad certificate") }, "bad_certificate"],
    ["none: a fault that this side found", { code: "ERR_SSL_WRONG_VERSION_NUMBER", message: "" }, null],
    ["none: a reset", { code: "ECONNRESET", message: "read ECONNRESET" }, null],
    ["none: no words", { message: "" }, null],
  ])("is read from %s", (_title, error, expected) => {
    expect(alertOf(error)).toBe(expected);
  });

  it("is no rejection where there is none", () => {
    expect(isRejection(null)).toBe(false);
    expect(isRejection("alert_77")).toBe(false);
  });
});

/** OpenSSL's line about an error. */
function line(reason: string): string {
  return `4093E3218F7F0000:error:0A00010B:SSL routines:ssl3_get_record:${reason}:../ssl/record/ssl3_record.c:354:`;
}

function withRoot(certificate: TestCertificate, rootPem: string): TestCertificate {
  return { ...certificate, chainPem: certificate.chainPem + rootPem };
}

type Serve = (socket: net.Socket) => void;

function tlsServer(certificate: TestCertificate, options: tls.TlsOptions = {}): Serve {
  const server = tls.createServer({
    cert: certificate.chainPem,
    key: certificate.keyPem,
    // Level 0: what is weak is this client's to find out.
    ciphers: "DEFAULT@SECLEVEL=0",
    ...options,
  });
  server.on("tlsClientError", () => {}).on("secureConnection", (socket) => socket.on("error", () => {}).end());
  return (socket) => void server.emit("connection", socket);
}

/** The error that ended the connection, or null if it ended well. Real sockets: alerts get lost in a pair of streams. */
async function connectTo(serve: Serve, options: tls.ConnectionOptions = {}): Promise<NodeJS.ErrnoException | null> {
  const server = net.createServer((socket) => serve(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const client = tls.connect({ port, host: "127.0.0.1", servername: "example.test", ...options });
    // A refusal in TLS 1.3 may come after the end of what the server had to say.
    client
      .on("error", resolve)
      .on("close", () => resolve(null))
      .resume();
  });
  server.close();
  return error;
}
