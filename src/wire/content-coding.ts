/** Undoes content codings (RFC 9110 8.4) for people to look at; what is relayed is never decoded. Bombs are expected. */

import zlib from "node:zlib";

export interface Decoded {
  bytes: Buffer;
  /** The content goes on: it was cut when it came, or it is larger than the limit. */
  truncated: boolean;
  /** Why it could not be decoded, in plain words (with the coding's name as sent); `bytes` are the content as sent then. */
  error: string | null;
}

/**
 * `codings` as in Content-Encoding: the first was applied first. Returns at most `limit` bytes. Needs memory for a few
 * times the limit, and 32 MiB more for brotli, whatever the content says. Synchronous: a fraction of a second at worst.
 */
export function decodeContent(content: Uint8Array, codings: string[], limit: number): Decoded {
  const sent = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const decoded: Decoded = { bytes: sent, truncated: false, error: null };
  if (codings.length > MOST_CODINGS) decoded.error = `more than ${MOST_CODINGS} content codings on top of each other`;
  for (const coding of codings.toReversed()) {
    if (decoded.error === null && decoded.bytes.length > 0) undo(coding.trim().toLowerCase(), decoded, limit);
  }
  if (decoded.error !== null) decoded.bytes = sent;
  decoded.truncated = (decoded.error === null && decoded.truncated) || decoded.bytes.length > limit;
  decoded.bytes = decoded.bytes.subarray(0, limit);
  return decoded;
}

function undo(coding: string, decoded: Decoded, limit: number): void {
  if (coding === "identity") return;
  const decoder = decoderOf(coding, decoded.bytes);
  if (decoder === null) {
    decoded.error = `unknown content coding "${coding.slice(0, 64)}"`;
    return;
  }
  const outcome = decodeUpTo(decoder, decoded.bytes, limit);
  if (typeof outcome === "string") {
    decoded.error = `the content is not valid ${coding}: ${outcome}`;
    return;
  }
  decoded.bytes = outcome.bytes;
  decoded.truncated ||= outcome.cut;
}

/** Or zlib's own words for what is wrong. */
type Outcome = { bytes: Buffer; cut: boolean } | string;

/** Decodes all of the input if the output is not far above `limit`, else as much of it as gives about that. */
function decodeUpTo(decoder: Decoder, input: Buffer, limit: number): Outcome {
  const most = limit + Math.max(limit, decoder.burst);
  const whole = attempt(() => decoder.finish(input, most));
  if (Buffer.isBuffer(whole)) return { bytes: whole, cut: false };
  if (whole.code === TOO_LARGE) return { bytes: decodeBeginning(decoder, input, limit, most), cut: true };
  // "Unexpected end of file": the input is cut.
  const beginning = whole.code === "Z_BUF_ERROR" ? attempt(() => decoder.flush(input, most)) : whole;
  return Buffer.isBuffer(beginning) ? { bytes: beginning, cut: true } : beginning.message;
}

/**
 * zlib's synchronous functions give nothing at all when the output would be too large, so this looks for a beginning of
 * the input whose output lies between the two sizes: by doubling first, as what is too short costs the least.
 */
function decodeBeginning(decoder: Decoder, input: Buffer, enough: number, most: number): Buffer {
  let best: Buffer = Buffer.alloc(0);
  let fits = 0;
  let tooLong = input.length;
  while (tooLong - fits > 1 && best.length < enough) {
    const length = Math.min(Math.max(2 * fits, SHORTEST), fits + Math.floor((tooLong - fits) / 2));
    const output = attempt(() => decoder.flush(input.subarray(0, length), most));
    if (Buffer.isBuffer(output)) {
      fits = length;
      best = output;
    } else tooLong = length;
  }
  return best;
}

function attempt(decode: () => Buffer): Buffer | { code: string; message: string } {
  try {
    return decode();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { code: code ?? "", message };
  }
}

interface Decoder {
  /** Most bytes that one more byte of input can bring out. */
  burst: number;
  /** Throws if the input is cut (Z_BUF_ERROR), corrupt, or its output longer than `most` (ERR_BUFFER_TOO_LARGE). */
  finish(input: Buffer, most: number): Buffer;
  /** The same, but gives what there is of a cut input. */
  flush(input: Buffer, most: number): Buffer;
}

function decoderOf(coding: string, input: Buffer): Decoder | null {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return GZIP;
    case "deflate":
      return isZlib(input) ? ZLIB : RAW_DEFLATE;
    case "br":
      return BROTLI;
    case "zstd":
      return ZSTD;
    default:
      return null;
  }
}

/** "deflate" means the zlib format (RFC 9110 8.4.1.2), but some servers send the raw one. RFC 1950 2.2 tells them apart. */
function isZlib(input: Buffer): boolean {
  const first = input[0] ?? 0;
  return (first & 0x0f) === 8 && (input.length === 1 || input.readUInt16BE(0) % 31 === 0);
}

function deflateDecoder(decode: (input: Buffer, options: zlib.ZlibOptions) => Buffer): Decoder {
  return {
    burst: 4 * 1024,
    finish: (input, most) => decode(input, { maxOutputLength: most }),
    flush: (input, most) => decode(input, { maxOutputLength: most, finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  };
}

const MOST_CODINGS = 4;
const SHORTEST = 64;
const TOO_LARGE = "ERR_BUFFER_TOO_LARGE";
const GZIP = deflateDecoder(zlib.gunzipSync);
const ZLIB = deflateDecoder(zlib.inflateSync);
const RAW_DEFLATE = deflateDecoder(zlib.inflateRawSync);
/** RFC 7932 9.2: a copy never goes past its meta-block, which has at most 2^24 bytes. */
const BROTLI: Decoder = {
  burst: 16 * 1024 * 1024,
  finish: (input, most) => zlib.brotliDecompressSync(input, { maxOutputLength: most }),
  flush: (input, most) =>
    zlib.brotliDecompressSync(input, { maxOutputLength: most, finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
};
/** RFC 9659: windows of at most 8 MiB in this content coding; zlib would take 128 MiB. */
const ZSTD_PARAMS = { [zlib.constants.ZSTD_d_windowLogMax]: 23 };
const ZSTD: Decoder = {
  // RFC 8878 3.1.1.2.4: a block has at most 128 KiB.
  burst: 128 * 1024,
  finish: (input, most) => zlib.zstdDecompressSync(input, { maxOutputLength: most, params: ZSTD_PARAMS }),
  flush: (input, most) =>
    zlib.zstdDecompressSync(input, {
      maxOutputLength: most,
      params: ZSTD_PARAMS,
      finishFlush: zlib.constants.ZSTD_e_flush,
    }),
};
