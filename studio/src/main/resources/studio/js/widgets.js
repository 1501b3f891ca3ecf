// SPDX-License-Identifier: Apache-2.0
// What the rooms are made of. Every control has a label; a wrong field is marked with what is wrong.
import { el, icon, replace, uid } from "/js/dom.js";
import { exact } from "/js/json.js";

export const ICONS = {
  draw: "M4 20l4-1L19 8l-3-3L5 16l-1 4zM14 7l3 3",
  gallery: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  compare: "M4 5h7v14H4zM13 5h7v14h-7z",
  train: "M4 19V5M4 19h16M7 15l3-5 4 3 5-8",
  data: "M5 5h6v6H5zM13 5h6v6h-6zM5 13h6v6H5zM13 13h6v6h-6z",
  lessons: "M4 6c3-1 6-1 8 1 2-2 5-2 8-1v12c-3-1-6-1-8 1-2-2-5-2-8-1zM12 7v12",
  sun: "M12 4V2M12 22v-2M4 12H2M22 12h-2M6 6L5 5M19 19l-1-1M6 18l-1 1M19 5l-1 1M12 8a4 4 0 100 8 4 4 0 000-8z",
  moon: "M20 14A8 8 0 0110 4a8 8 0 1010 10z",
  star: "M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7l5.6-.7z",
  bin: "M5 7h14M10 7V5h4v2M7 7l1 13h8l1-13",
  lock: "M7 11V8a5 5 0 0110 0v3M6 11h12v9H6z",
  unlock: "M7 11V8a5 5 0 019.5-2M6 11h12v9H6z",
  dice: "M5 5h14v14H5zM9 9h.01M15 15h.01M12 12h.01M15 9h.01M9 15h.01",
  copy: "M9 9h10v10H9zM5 15V5h10",
  close: "M6 6l12 12M18 6L6 18",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  plus: "M12 5v14M5 12h14",
  check: "M5 12l5 5 9-11",
};

/** A button with a picture and, for those who cannot see it, words. */
export function iconButton(name, label, onclick, props = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(ICONS[name]));
}

/** A labelled control: field("Steps", input, { name: "steps", hint: "…" }). name is what errors call it. */
export function field(label, control, { name, hint, wide } = {}) {
  const id = control.id || uid("f");
  control.id = id;
  const about = hint ? el("p", { class: "hint", id: `${id}-hint` }, hint) : null;
  if (about) control.setAttribute("aria-describedby", about.id);
  return el("div", { class: ["field", wide && "wide"], data: name ? { field: name } : {} },
    el("label", { for: id }, label), control, about, el("p", { class: "fault", id: `${id}-fault`, hidden: true }));
}

/** Marks the field that an error is about; the message stands below it. Returns whether there is one. */
export function markFault(root, error) {
  clearFaults(root);
  const names = [error.param, ...(error.message ?? "").match(/"[\w.]+"/g)?.map((word) => word.slice(1, -1)) ?? [], error.message?.match(/(\w+) must /)?.[1]].filter(Boolean);
  for (const name of names) {
    const place = [...root.querySelectorAll("[data-field]")].find((each) => each.dataset.field.split(" ").includes(name));
    if (!place) continue;
    const control = place.querySelector("input, select, textarea, button");
    const fault = place.querySelector(".fault");
    place.classList.add("wrong");
    fault?.setAttribute("role", "alert");
    if (fault) replace(fault, error.message).hidden = false;
    control?.setAttribute("aria-invalid", "true");
    if (fault && control) control.setAttribute("aria-errormessage", fault.id);
    place.closest("details")?.setAttribute("open", "");
    place.scrollIntoView({ block: "nearest" });
    control?.focus({ preventScroll: true });
    return true;
  }
  return false;
}

export function clearFaults(root) {
  for (const place of root.querySelectorAll(".wrong")) {
    place.classList.remove("wrong");
    const fault = place.querySelector(".fault");
    if (fault) replace(fault).hidden = true;
    place.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  }
}

/** A choice: select([["ddim", "DDIM"], …], "ddim", onchange). */
export function select(options, value, onchange) {
  const node = el("select", { onchange: () => onchange?.(node.value) },
    options.map((each) => {
      const [key, text] = Array.isArray(each) ? each : [each, each];
      return el("option", { value: key, selected: key === value }, text);
    }));
  node.value = value;
  return node;
}

/** A number with a slider: both say the same. Returns { node, input, value(), set(v) }. */
export function slider(label, { min, max, step = 1, value, name, hint, onchange, most = max } = {}) {
  const id = uid("s");
  const input = el("input", { type: "number", id, min, max: most, step, value, inputmode: "decimal" });
  const range = el("input", { type: "range", min, max, step, value, "aria-label": `${label}, slider`, tabindex: "-1" });
  const paint = () => range.style.setProperty("--share", `${(100 * (Math.min(max, Math.max(min, range.value)) - min)) / (max - min || 1)}%`);
  input.addEventListener("input", () => { range.value = input.value; paint(); onchange?.(Number(input.value)); });
  range.addEventListener("input", () => { input.value = range.value; paint(); onchange?.(Number(range.value)); });
  paint();
  const node = el("div", { class: "field slider", data: name ? { field: name } : {} },
    el("label", { for: id }, label), input, range, hint ? el("p", { class: "hint" }, hint) : null, el("p", { class: "fault", id: `${id}-fault`, hidden: true }));
  return {
    node,
    input,
    value: () => (input.value === "" ? null : Number(input.value)),
    set(next) { input.value = next ?? ""; range.value = next ?? min; paint(); },
  };
}

/** On or off. */
export function toggle(label, value, onchange, { name } = {}) {
  const id = uid("t");
  const input = el("input", { type: "checkbox", id, checked: value, onchange: () => onchange?.(input.checked) });
  const node = el("div", { class: "field toggle", data: name ? { field: name } : {} }, input, el("label", { for: id }, label));
  return { node, input };
}

/** The seed: a number, locked or a new one each time. Returns { node, next(), value(), set(v), isLocked() }. */
export function seedBox({ seed, locked, name = "seed", onchange } = {}) {
  const fresh = () => Math.floor(Math.random() * 2 ** 32);
  const input = el("input", { type: "text", inputmode: "numeric", pattern: "[0-9]*", autocomplete: "off", value: seed ?? fresh(), oninput: () => onchange?.() });
  let isLocked = Boolean(locked);
  const lock = iconButton("lock", "", () => { isLocked = !isLocked; paint(); onchange?.(); });
  const paint = () => {
    replace(lock, icon(isLocked ? ICONS.lock : ICONS.unlock));
    lock.setAttribute("aria-pressed", String(isLocked));
    const words = isLocked ? "The seed stays: press for a new one each time" : "A new seed each time: press to keep this one";
    lock.title = words;
    lock.setAttribute("aria-label", words);
  };
  paint();
  const node = field("Seed", input, { name });
  const row = el("div", { class: "joined" });
  input.replaceWith(row);
  row.append(input, iconButton("dice", "Another seed", () => { input.value = fresh(); onchange?.(); }), lock);
  return {
    node,
    value: () => (/^\s*\d+\s*$/.test(input.value) ? exact(input.value.trim()) : input.value), // what is no number is refused by its words
    isLocked: () => isLocked,
    set(value, keep) { input.value = value; if (keep !== undefined) { isLocked = keep; paint(); } },
    /** Another one for the next drawing, where it is not locked. */
    next() { if (!isLocked) input.value = fresh(); },
  };
}

/** A picture whose place is kept while it comes. */
export function picture(src, { width, height, alt = "", lazy = true, ...props } = {}) {
  return el("img", { src, width, height, alt, loading: lazy ? "lazy" : undefined, decoding: "async", draggable: "false", ...props });
}

/** Words at the foot of the window for a while: toast("Deleted", { undo() {} }) or toast(error.message, { bad: true }). */
export function toast(message, { bad, undo, action, seconds = bad ? 8 : 4 } = {}) {
  const place = document.getElementById("toasts");
  const home = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body; // what is beside an open dialog cannot be reached
  if (place.parentNode !== home) home.append(place);
  const node = el("div", { class: ["toast", bad && "bad"] }, el("span", {}, message),
    undo ? el("button", { type: "button", class: "link", onclick: () => { node.remove(); undo(); } }, action ?? "Undo") : null,
    iconButton("close", "Close", () => node.remove()));
  place.append(node);
  if (place.children.length > 4) place.firstChild.remove();
  setTimeout(() => node.remove(), 1000 * (undo ? Math.max(10, seconds) : seconds));
  return node;
}

/** Puts text on the clipboard and says so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast("Copied");
}

/** A window over the page, closed by Esc: const box = dialog("Title", content). It is removed when it is closed. */
export function dialog(title, ...content) {
  const id = uid("d");
  const node = el("dialog", { "aria-labelledby": id },
    el("div", { class: "dialog-head" }, el("h2", { id }, title), iconButton("close", "Close", () => node.close())), el("div", { class: "dialog-body" }, content));
  node.addEventListener("close", () => {
    const toasts = node.querySelector("#toasts");
    if (toasts) document.body.append(toasts);
    node.remove();
  });
  node.addEventListener("click", (event) => { if (event.target === node) node.close(); });
  document.body.append(node);
  node.showModal();
  return node;
}

/** 1.5 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds) {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 812 kB, 3.4 GB. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = count;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

let charts = null;
/** Chart.js, fetched when a chart is first drawn: const Chart = await chartLibrary(). */
export function chartLibrary() {
  charts ??= new Promise((resolve, reject) => {
    const script = el("script", { src: "/lib/chart.js" });
    script.addEventListener("load", () => {
      window.Chart.defaults.animation = false;
      window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
      resolve(window.Chart);
    });
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return charts;
}

/** A logarithmic axis of Chart.js whose numbers do not touch: of those it would write, 1, 2 and 5 of each power stand before others. */
export const logarithmic = (ink) => ({
  type: "logarithmic", afterBuildTicks: spread, ticks: { color: ink, autoSkip: false, callback: (value) => String(Number(value.toPrecision(3))) },
});

function spread(axis) {
  const isWide = axis.isHorizontal();
  const room = (Math.log(axis.max / axis.min) * (isWide ? 64 : 24)) / (isWide ? axis.maxWidth : axis.maxHeight);
  if (!(room > 0)) return;
  const rank = ({ value }) => ["1", "5", "2"].indexOf(value.toExponential(6).replace(/\.?0*e.*/, ""));
  const order = [...axis.ticks].sort((one, other) => (rank(one) < 0) - (rank(other) < 0) || rank(one) - rank(other));
  const kept = [];
  for (const tick of order) if (kept.every((each) => Math.abs(Math.log(each.value / tick.value)) >= room)) kept.push(tick);
  axis.ticks = kept.sort((one, other) => one.value - other.value);
}

const probe = el("span", { hidden: true });
/** A colour of the style sheet as this look has it, for what is painted on a canvas: colour("--accent") is "#2c57c9" in the light. */
export function colour(name) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  const parts = getComputedStyle(probe).color.match(/\d+/g).slice(0, 3);
  return `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
}
