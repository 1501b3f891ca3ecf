// SPDX-License-Identifier: Apache-2.0
// JSON whose whole numbers stay as they are: beyond 2^53, where a browser's numbers have gaps, they are BigInts. Seeds go up to 2^63 − 1.

/** Stands before a whole number that is a text for a moment; another one in each page, so that no text of a file can be taken for it. */
const MARK = `whole-${[...crypto.getRandomValues(new Uint32Array(4))].join("-")}:`;
const IS_MARKED = new RegExp(`^${MARK}(-?\\d+)$`);
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, "g");
const LONG = /[:,[]\s*-?\d{16}/;
/** Texts, which are passed over, and whole numbers that may be too long. */
const PARTS = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+])-?\d{16,}(?![\d.eE])/g;

/** A whole number as a page counts with it: a BigInt only where it must be one. */
export function exact(whole) {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : BigInt(whole);
}

export function parse(text) {
  if (!LONG.test(text)) return JSON.parse(text);
  const marked = text.replace(PARTS, (part) => (part[0] === '"' || Number.isSafeInteger(Number(part)) ? part : `"${MARK}${part}"`));
  return JSON.parse(marked, (key, value) => {
    const whole = typeof value === "string" && IS_MARKED.exec(value);
    return whole ? BigInt(whole[1]) : value;
  });
}

export function write(value) {
  return JSON.stringify(value, (key, each) => (typeof each === "bigint" ? MARK + each : each))?.replace(MARKED, "$1");
}
