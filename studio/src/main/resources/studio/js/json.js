// SPDX-License-Identifier: Apache-2.0
// JSON whose whole numbers stay as they are: beyond 2^53, where a browser's numbers have gaps, they are BigInts. Seeds go up to 2^63 − 1.

const MARK = "\u0000whole:";
const LONG = /[:,[]\s*-?\d{16}/;
/** Texts, which are passed over, and whole numbers that may be too long. */
const PARTS = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+])-?\d{16,}(?![\d.eE])/g;
const MARKED = /"\\u0000whole:(-?\d+)"/g;

/** A whole number as a page counts with it: a BigInt only where it must be one. */
export function exact(whole) {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : BigInt(whole);
}

export function parse(text) {
  if (!LONG.test(text)) return JSON.parse(text);
  const marked = text.replace(PARTS, (part) => (part[0] === '"' || Number.isSafeInteger(Number(part)) ? part : `"\\u0000whole:${part}"`));
  return JSON.parse(marked, (key, value) => (typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value));
}

export function write(value) {
  return JSON.stringify(value, (key, each) => (typeof each === "bigint" ? MARK + each : each))?.replace(MARKED, "$1");
}
