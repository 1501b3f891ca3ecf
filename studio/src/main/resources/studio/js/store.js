// SPDX-License-Identifier: Apache-2.0
// What is remembered in this browser; other tabs are given it as it changes.

/** What was kept under a name, or something else. */
export function recall(name, otherwise) {
  try {
    const text = localStorage.getItem(`studio.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(`studio.${name}`, JSON.stringify(value));
  } catch { /* full, or not allowed: it is then forgotten */ }
}

/** Calls back when another tab has kept something else under a name; returns what ends it. */
export function watch(name, changed) {
  const listen = (event) => { if (event.key === `studio.${name}` && event.newValue) changed(JSON.parse(event.newValue)); };
  addEventListener("storage", listen);
  return () => removeEventListener("storage", listen);
}
