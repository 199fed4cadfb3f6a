/** What OpenSSL's and Node's errors mean, in plainwire's own codes. */

import type { FailureCode } from "../errors.ts";

/** An error of Node's or OpenSSL's, as far as it matters here. */
export interface PlatformError {
  code?: string | undefined;
  message: string;
}

/**
 * The failure that an error on the upstream leg stands for, whether from dialling, from the handshake or from
 * verification. What is in no row is `upstream-tls`.
 *
 * Text of the message is trusted only where OpenSSL wrote it: Node's name error quotes the certificate, and so whatever
 * the upstream likes.
 */
export function verdictOf(error: PlatformError): FailureCode {
  const code = opensslCode(error) ?? error.code ?? "";
  if (alertOf(error) === "certificate_required") return "client-certificate-required";
  if (code === "UNSPECIFIED") return WEAK.test(error.message) ? "weak" : "chain-invalid";
  // Node's words for a FIN before the handshake's end; it carries the code of a reset (lib/_tls_wrap.js).
  if (code === "ECONNRESET" && error.message.includes("socket disconnected before secure")) return "upstream-closed";
  return VERDICTS.get(code) ?? "upstream-tls";
}

/** The name of the TLS alert that the peer sent ("unknown_ca", RFC 8446 section 6), or null if it sent none. */
export function alertOf(error: PlatformError): string | null {
  const code = opensslCode(error);
  if (code === null) return null;
  const number = /SSL alert number (\d{1,3})/.exec(error.message)?.[1];
  if (number !== undefined) return ALERTS.get(Number(number)) ?? `alert_${number}`;
  const name = ALERT_CODE.exec(code)?.[1]?.toLowerCase();
  return name !== undefined && ALERT_NAMES.has(name) ? name : null;
}

/** True for the alerts by which a client says that it does not accept our certificate: 42 to 46 and 48. */
export function isRejection(alert: string | null): boolean {
  return alert !== null && REJECTIONS.has(alert);
}

/** "ERR_SSL_WRONG_VERSION_NUMBER", also if Node gave only EPROTO and OpenSSL's line; null if OpenSSL did not speak. */
function opensslCode(error: PlatformError): string | null {
  if (error.code?.startsWith("ERR_SSL_")) return error.code;
  if (error.code !== undefined && error.code !== "EPROTO") return null;
  const reason = /:SSL routines:[^:]*:([^:\n]+)/.exec(error.message)?.[1];
  return reason === undefined ? null : `ERR_SSL_${reason.trim().replaceAll(" ", "_").toUpperCase()}`;
}

const rows = (code: FailureCode, ...causes: string[]): [string, FailureCode][] => causes.map((cause) => [cause, code]);

/** X509_V_ERR_* as Node names them, then ERR_SSL_*, then the system's. */
const VERDICTS: ReadonlyMap<string, FailureCode> = new Map([
  ...rows("unknown-root", "SELF_SIGNED_CERT_IN_CHAIN"),
  ...rows(
    "no-root",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT",
  ),
  ...rows("self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"),
  ...rows("expired", "CERT_HAS_EXPIRED"),
  ...rows("not-yet-valid", "CERT_NOT_YET_VALID"),
  ...rows(
    "chain-invalid",
    "INVALID_CA",
    "INVALID_PURPOSE",
    "PATH_LENGTH_EXCEEDED",
    "CERT_SIGNATURE_FAILURE",
    "CERT_CHAIN_TOO_LONG",
    "CERT_UNTRUSTED",
    "CERT_REJECTED",
    "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
    "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
    "ERROR_IN_CERT_NOT_BEFORE_FIELD",
    "ERROR_IN_CERT_NOT_AFTER_FIELD",
    // Trouble with a revocation list: whether the certificate was revoked can't be told.
    "UNABLE_TO_GET_CRL",
    "UNABLE_TO_DECRYPT_CRL_SIGNATURE",
    "CRL_SIGNATURE_FAILURE",
    "CRL_NOT_YET_VALID",
    "CRL_HAS_EXPIRED",
    "ERROR_IN_CRL_LAST_UPDATE_FIELD",
    "ERROR_IN_CRL_NEXT_UPDATE_FIELD",
    "ERR_SSL_CERTIFICATE_VERIFY_FAILED",
  ),
  ...rows("host-mismatch", "ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"),
  ...rows("revoked", "CERT_REVOKED"),
  ...rows("weak", "ERR_SSL_EE_KEY_TOO_SMALL", "ERR_SSL_CA_KEY_TOO_SMALL", "ERR_SSL_CA_MD_TOO_WEAK"),

  // Plain text on a TLS port: what stands where a record's header should be.
  ...rows(
    "upstream-not-tls",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "ERR_SSL_PACKET_LENGTH_TOO_LONG",
    "ERR_SSL_DATA_LENGTH_TOO_LONG",
    "ERR_SSL_HTTP_REQUEST",
    "ERR_SSL_HTTPS_PROXY_REQUEST",
    "ERR_SSL_UNKNOWN_PROTOCOL",
  ),

  ...rows("dns-not-found", "ENOTFOUND", "ENODATA"),
  ...rows("dns-failed", "EAI_AGAIN", "EAI_FAIL", "ESERVFAIL", "ETIMEOUT"),
  ...rows("upstream-refused", "ECONNREFUSED"),
  ...rows("upstream-unreachable", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EHOSTDOWN", "EADDRNOTAVAIL"),
  ...rows("upstream-timeout", "ETIMEDOUT", "ERR_TLS_HANDSHAKE_TIMEOUT", "ERR_SOCKET_CONNECTION_TIMEOUT"),
  ...rows("upstream-reset", "ECONNRESET", "ECONNABORTED", "EPIPE"),
]);

/** OpenSSL's words for a key or a digest below the security level; Node has no code for them. */
const WEAK = /too weak|too small/;

/** The description part of OpenSSL's names: "SSLV3_ALERT_" up to 3.0, "SSL/TLS_ALERT_" later; some have no "ALERT_". */
const ALERT_CODE = /^ERR_SSL_(?:SSLV3|SSL\/TLS|TLSV1|TLSV13)_(?:ALERT_)?([A-Z_]+)$/;

/** IANA's registry of TLS alerts, with the retired ones that OpenSSL still names; 0 and 90 close without an error. */
const ALERTS: ReadonlyMap<number, string> = new Map([
  [0, "close_notify"],
  [10, "unexpected_message"],
  [20, "bad_record_mac"],
  [21, "decryption_failed"],
  [22, "record_overflow"],
  [30, "decompression_failure"],
  [40, "handshake_failure"],
  [41, "no_certificate"],
  [42, "bad_certificate"],
  [43, "unsupported_certificate"],
  [44, "certificate_revoked"],
  [45, "certificate_expired"],
  [46, "certificate_unknown"],
  [47, "illegal_parameter"],
  [48, "unknown_ca"],
  [49, "access_denied"],
  [50, "decode_error"],
  [51, "decrypt_error"],
  [60, "export_restriction"],
  [70, "protocol_version"],
  [71, "insufficient_security"],
  [80, "internal_error"],
  [86, "inappropriate_fallback"],
  [90, "user_canceled"],
  [100, "no_renegotiation"],
  [109, "missing_extension"],
  [110, "unsupported_extension"],
  [111, "certificate_unobtainable"],
  [112, "unrecognized_name"],
  [113, "bad_certificate_status_response"],
  [114, "bad_certificate_hash_value"],
  [115, "unknown_psk_identity"],
  [116, "certificate_required"],
  [120, "no_application_protocol"],
  [121, "ech_required"],
]);
const ALERT_NAMES: ReadonlySet<string> = new Set(ALERTS.values());
const REJECTIONS: ReadonlySet<string | undefined> = new Set(
  [42, 43, 44, 45, 46, 48].map((number) => ALERTS.get(number)),
);
