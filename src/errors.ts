/**
 * The table of failures: one row each, used by the UI, the feed, the log and plainwire's own pages.
 *
 * A row says what happened in one plain sentence (without a full stop), whose fault it is, and what to do about it.
 * `{host}` stands for the destination ("example.com:443"), `{ca}` for the path of plainwire's CA certificate.
 */

export type Leg = "client" | "upstream";
export type Fault = "client" | "upstream" | "network" | "plainwire";

export interface Failure {
  leg: Leg;
  /** The step of the connection's life at which it happened. */
  step: "accept" | "dns" | "connect" | "tls" | "verify" | "request" | "response" | "relay";
  fault: Fault;
  /** Status of the page that answers the client's request, where one can be answered. */
  status: number;
  sentence: string;
  fix: string;
}

const row = (
  leg: Leg,
  step: Failure["step"],
  fault: Fault,
  status: number,
  sentence: string,
  fix: string,
): Failure => ({
  leg,
  step,
  fault,
  status,
  sentence,
  fix,
});

const TRUST_IT = "If you trust it, add its CA with --upstream-ca FILE";

// A row is its facts, then the sentence, then the fix.
// oxfmt-ignore
export const FAILURES = {
  "dns-not-found": row("upstream", "dns", "network", 502,
    "the name in {host} does not exist (DNS)",
    "Check the spelling, /etc/hosts, and that the name resolves on this machine"),
  "dns-failed": row("upstream", "dns", "network", 502,
    "the name in {host} could not be looked up: the DNS server did not answer",
    "Check this machine's DNS settings and network, then try again"),
  "upstream-refused": row("upstream", "connect", "upstream", 502,
    "{host} refused the connection: nothing listens there",
    "Start the server, or check the port"),
  "upstream-unreachable": row("upstream", "connect", "network", 502,
    "{host} can't be reached from this machine",
    "Check the network, the VPN and the firewall"),
  "upstream-timeout": row("upstream", "connect", "network", 504,
    "{host} did not answer in time",
    "Check that the server runs and that no firewall drops the packets; --connect-timeout sets how long plainwire waits"),
  "upstream-reset": row("upstream", "response", "upstream", 502,
    "{host} reset the connection",
    "Look at the server's log: it gave up on this connection"),
  "upstream-closed": row("upstream", "response", "upstream", 502,
    "{host} closed the connection before it answered",
    "Look at the server's log; a keep-alive connection may have been closed while the request was on its way, then try again"),
  "upstream-tls": row("upstream", "tls", "upstream", 502,
    "the TLS handshake with {host} failed",
    "Check that the port speaks TLS and which versions and ciphers it accepts"),
  "upstream-not-tls": row("upstream", "tls", "upstream", 502,
    "{host} does not speak TLS on this port",
    "Use http:// for this port, or the server's TLS port"),
  "unknown-root": row("upstream", "verify", "upstream", 502,
    "the certificate of {host} leads to a root that this machine does not trust",
    TRUST_IT),
  "no-root": row("upstream", "verify", "upstream", 502,
    "the certificate chain of {host} is incomplete: an intermediate certificate is missing, or its root is not trusted",
    `Let the server send its intermediates. ${TRUST_IT}`),
  "self-signed": row("upstream", "verify", "upstream", 502,
    "the certificate of {host} is self-signed",
    "If you trust it, pass the certificate itself with --upstream-ca FILE"),
  expired: row("upstream", "verify", "upstream", 502,
    "a certificate of {host} has expired",
    "Renew it on the server; if it looks valid, check this machine's clock"),
  "not-yet-valid": row("upstream", "verify", "upstream", 502,
    "a certificate of {host} is not valid yet",
    "Check this machine's clock and the server's"),
  "chain-invalid": row("upstream", "verify", "upstream", 502,
    "the certificate chain of {host} is not valid",
    "Have the chain issued anew: a signature, a constraint or a usage in it is wrong"),
  "host-mismatch": row("upstream", "verify", "upstream", 502,
    "the certificate of {host} is for another name",
    "Use a name that the certificate lists, or have the name added to it"),
  revoked: row("upstream", "verify", "upstream", 502,
    "a certificate of {host} was revoked",
    "Have a new certificate issued"),
  weak: row("upstream", "verify", "upstream", 502,
    "a certificate of {host} uses a key or a digest that is too weak",
    "Have it issued anew with a stronger key and SHA-256"),
  "client-certificate-required": row("upstream", "tls", "upstream", 502,
    "{host} demands a client certificate",
    "plainwire has none configured for this host"),
  "request-malformed": row("client", "request", "client", 400,
    "the request breaks HTTP/1.1's framing rules, so that two servers could read it differently; it was not forwarded",
    "Look at the bytes of the request, and mend the program that sent it"),
  "request-incomplete": row("client", "request", "client", 400,
    "the client closed the connection in the middle of its request",
    "Look at the client: it stopped, timed out, or crashed while sending"),
  "request-timeout": row("client", "request", "client", 408,
    "the client did not finish its request's head in time",
    "Look at the client: it stalled while sending"),
  "head-too-large": row("client", "request", "client", 431,
    "the request's head is larger than plainwire's limit",
    "Send fewer or shorter headers"),
  "target-invalid": row("client", "request", "client", 400,
    "the request does not name a host and a port that plainwire can connect to",
    "Set plainwire as the program's HTTP proxy, instead of asking it as a server"),
  "not-http": row("client", "request", "client", 400,
    "the first bytes on the proxy's port are neither HTTP nor TLS",
    "Point the program at plainwire as an HTTP proxy"),
  loop: row("client", "request", "client", 508,
    "the request would lead back to plainwire itself",
    "Exempt plainwire's own address from the proxy settings (NO_PROXY)"),
  "client-untrusting": row("client", "tls", "client", 0,
    "the client does not trust plainwire's CA, so it refused the certificate for {host}",
    "Let the client trust {ca}: curl --cacert {ca}, NODE_EXTRA_CA_CERTS={ca} for Node, SSL_CERT_FILE={ca} for Python and OpenSSL"),
  "client-tls": row("client", "tls", "client", 0,
    "the TLS handshake with the client failed",
    "Check which TLS versions and ciphers the client offers"),
  "client-closed": row("client", "relay", "client", 0,
    "the client went away before the response was complete",
    "Nothing to mend, unless the client gave up too early: look at its timeout"),
  "client-reset": row("client", "relay", "client", 0,
    "the client reset the connection",
    "Look at the client: it gave up on this connection"),
  "response-malformed": row("upstream", "response", "upstream", 502,
    "the response of {host} breaks HTTP/1.1's framing rules, so that two clients could read it differently",
    "Look at the bytes of the response, and mend the server"),
  "response-truncated": row("upstream", "response", "upstream", 502,
    "{host} closed the connection in the middle of its response",
    "The response reached the client cut, as it came; look at the server's log"),
  "response-head-too-large": row("upstream", "response", "upstream", 502,
    "the response's head is larger than plainwire's limit",
    "Send fewer or shorter headers"),
  "response-unexpected": row("upstream", "response", "upstream", 502,
    "{host} sent bytes that answer no request",
    "Look at the server: it answered twice, or more than it announced"),
  "too-many-connections": row("client", "accept", "plainwire", 503,
    "plainwire is at its limit of connections",
    "Close some, or raise --max-connections"),
  shutdown: row("client", "relay", "plainwire", 503,
    "plainwire was shut down",
    "Start it again"),
  "relay-crashed": row("client", "relay", "plainwire", 502,
    "plainwire's relay crashed",
    "This is a bug in plainwire: please report it with the log"),
} as const satisfies { [code: string]: Failure };

export type FailureCode = keyof typeof FAILURES;

/** The sentence of a failure, about this destination. The destination's text is the caller's to make printable. */
export function sentence(code: FailureCode, host: string | null): string {
  return FAILURES[code].sentence.replaceAll("{host}", () => host ?? "the upstream");
}
