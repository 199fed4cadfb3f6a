/** Octets of HTTP/1.1 and what each may be part of, as lookup tables. */

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** Octets of a token (RFC 9110 5.6.2). */
export const TOKEN = 1;
/** Octets that a field value, a reason phrase or a chunk extension may hold here: all but CR, LF and NUL. */
export const TEXT = 2;
/** Octets that a request target may hold here: all but controls and SP. */
export const TARGET = 4;

/** The kinds of an octet: a sum of the three above. */
export const KINDS: Uint8Array = kinds();

/** The octet, letters in lower case. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

/** The value of a hexadecimal digit; 16 for any other octet. */
export const HEX_VALUE: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  const value = "0123456789abcdef".indexOf(String.fromCharCode(LOWER[octet] as number));
  return value < 0 ? 16 : value;
});

/** The octets of a word in lower case, for {@link isWord}. */
export function word(text: string): Uint8Array {
  return Uint8Array.from(text.toLowerCase(), (char) => char.charCodeAt(0));
}

/** Whether `buf[start..end)` is this word in any case. */
export function isWord(buf: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if (LOWER[buf[start + i] as number] !== lower[i]) return false;
  }
  return true;
}

/** Index of the first octet from `start` on that is neither SP nor HTAB. */
export function skipSpace(buf: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (buf[at] === SP || buf[at] === HTAB)) at++;
  return at;
}

/** Index behind the last octet before `end` that is neither SP nor HTAB. */
export function trimSpace(buf: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (buf[at - 1] === SP || buf[at - 1] === HTAB)) at--;
  return at;
}

function kinds(): Uint8Array {
  const table = new Uint8Array(256);
  const tokens = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (const char of tokens) table[char.charCodeAt(0)] = TOKEN;
  for (let octet = 0; octet < 256; octet++) {
    const text = octet !== 0 && octet !== CR && octet !== LF ? TEXT : 0;
    const target = octet > SP && octet !== 0x7f ? TARGET : 0;
    table[octet] = (table[octet] as number) | text | target;
  }
  return table;
}
