// SPDX-License-Identifier: Apache-2.0
// What is remembered in this browser; other tabs are given it as it changes.
import { parse, write as text } from "/js/json.js";

function read(storage, name, otherwise) {
  try {
    const kept = storage().getItem(`studio.${name}`);
    return kept === null ? otherwise : parse(kept);
  } catch {
    return otherwise;
  }
}

function write(storage, name, value) {
  try {
    storage().setItem(`studio.${name}`, text(value));
  } catch { /* full, or not allowed: it is then forgotten */ }
}

const all = () => localStorage;
const tab = () => sessionStorage;

/** What was kept under a name, or something else. */
export const recall = (name, otherwise) => read(all, name, otherwise);
export const keep = (name, value) => write(all, name, value);

/** The same for this tab alone, until it is closed: what is at work there. */
export const recallHere = (name, otherwise) => read(tab, name, otherwise);
export const keepHere = (name, value) => write(tab, name, value);

/** Calls back when another tab has kept something else under a name; returns what ends it. */
export function watch(name, changed) {
  const listen = (event) => { if (event.key === `studio.${name}` && event.newValue) changed(parse(event.newValue)); };
  addEventListener("storage", listen);
  return () => removeEventListener("storage", listen);
}
