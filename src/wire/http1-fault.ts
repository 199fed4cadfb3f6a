/** What can be wrong with an HTTP/1.1 message so that two parsers could read it differently. */

export interface Fault {
  code: FaultCode;
  /** Plain words for a developer: "Content-Length and Transfer-Encoding together". */
  message: string;
}

export type FaultCode = keyof typeof MESSAGES;

/** The fault of this code. The same object every time. */
export function faultOf(code: FaultCode): Fault {
  return FAULTS[code];
}

const MESSAGES = {
  "head-too-large": "the head is larger than the limit",
  "empty-lines": "too many empty lines in front of the request",
  "request-line": "the first line is not METHOD SP TARGET SP HTTP/1.1",
  "status-line": "the first line is not HTTP/1.1 SP STATUS SP REASON",
  version: "the version is neither HTTP/1.1 nor HTTP/1.0",
  "bare-cr": "a carriage return (CR) without a line feed (LF) after it",
  "bare-lf": "a line that ends with LF instead of CR LF",
  nul: "a NUL byte",
  folding:
    "a line that begins with white space: it continues the field above for some parsers only (obsolete line folding)",
  "field-name": "a field name with a character that is not allowed in it, or an empty one",
  "space-before-colon": "white space between a field's name and its colon",
  "no-colon": "a field line without a colon",
  "content-length": "a Content-Length that is not one plain decimal number of at most 2^53-1",
  "content-length-conflict": "several Content-Length fields that differ",
  "transfer-encoding": "a Transfer-Encoding that is not exactly one field with the value chunked",
  "transfer-encoding-version": "Transfer-Encoding in an HTTP/1.0 message",
  "length-and-encoding": "Content-Length and Transfer-Encoding together",
  "connect-body": "a CONNECT request that announces a body",
  "host-missing": "an HTTP/1.1 request without a Host field",
  "host-duplicate": "a request with more than one Host field",
  "chunk-size": "a chunk size that is not 1 to 16 hexadecimal digits of a value of at most 2^53-1",
  "chunk-space": "white space after a chunk size",
  "chunk-line-too-long": "a chunk size line of more than 16 KiB",
  "chunk-end": "chunk data that is not followed by CR LF: its size is wrong",
  "trailers-too-large": "the trailer section is larger than the limit",
} as const;

const FAULTS = Object.fromEntries(
  Object.entries(MESSAGES).map(([code, message]) => [code, Object.freeze({ code, message })]),
) as { [code in FaultCode]: Fault };
