// SPDX-License-Identifier: Apache-2.0
// The house: finds the room that the address names, shows it, and leaves it when another is asked for.
import { el, icon, replace } from "/js/dom.js";
import { ICONS, dialog, iconButton, toast } from "/js/widgets.js";

/** The rooms: name (of its file, address and picture), title, key after "g". */
const ROOMS = [
  ["draw", "Draw", "d"],
  ["gallery", "Gallery", "p"],
  ["compare", "Compare", "c"],
  ["train", "Train", "t"],
  ["data", "Data", "a"],
  ["lessons", "Lessons", "l"],
];

const room = document.getElementById("room");
const nav = document.getElementById("nav");
let leave = () => {};
let turn = 0;

/** Of an address that somebody typed, too. */
function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const name = path.split("/")[0];
  const known = ROOMS.find(([each]) => each === name) ?? ROOMS[0];
  return { name: known?.[0], rest: path.split("/").slice(1).map(decoded), params: new URLSearchParams(query) };
}

/** What a room is given. */
const studio = {
  toast,
  /** Goes to a room: go("draw", { from: "drawn/0001.png" }). */
  go(name, params) {
    const query = params ? `?${new URLSearchParams(params)}` : "";
    location.hash = `#/${name}${query}`;
  },
  route,
};

async function enter() {
  const mine = ++turn;
  const { name } = route();
  for (const link of nav.children) {
    if (link.dataset.room === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.querySelectorAll("dialog[open]").forEach((box) => box.close());
  leave();
  leave = () => {};
  delete room.dataset.shown;
  if (!name) return;
  let page;
  try {
    page = await import(`/rooms/${name}.js`);
  } catch (error) {
    if (mine === turn) replace(room, el("p", { class: "notice bad" }, `This room cannot be opened: ${error.message}`));
    return;
  }
  if (mine !== turn) return;
  document.title = `${page.title} · diffusion4j`;
  const root = el("div", { class: `room room-${name}` });
  replace(room, root);
  room.scrollTop = 0;
  leave = page.show(root, studio) ?? (() => {});
  room.dataset.shown = location.hash;
}

function build() {
  replace(nav, ROOMS.map(([name, title]) => el("a", { href: `#/${name}`, data: { room: name } }, icon(ICONS[name]), el("span", {}, title))));
  const help = el("button", { type: "button", class: "icon-button keys-button", title: "Keys", "aria-label": "Keys", onclick: keys }, el("span", { "aria-hidden": "true" }, "?"));
  replace(document.getElementById("rail-end"), lookButton(), help);
}

/** Light or dark: the system's until one is chosen, which other tabs take over. */
function lookButton() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.look ?? (system.matches ? "dark" : "light")) === "dark";
  const button = iconButton("moon", "Light or dark", () => {
    const look = isDark() ? "light" : "dark";
    try { localStorage.setItem("look", look); } catch { /* only until it is loaded again */ }
    paint(look);
  });
  const paint = (look) => {
    if (look) root.dataset.look = look;
    replace(button, icon(isDark() ? ICONS.sun : ICONS.moon));
    dispatchEvent(new CustomEvent("studio:look"));
  };
  system.addEventListener("change", () => paint());
  addEventListener("storage", (event) => { if (event.key === "look" && event.newValue) paint(event.newValue); });
  paint();
  return button;
}

function keys() {
  const line = (key, what) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)];
  dialog("Keys", el("dl", { class: "keys" },
    line("Ctrl/⌘ Enter", "draw, or begin"), line("Esc", "cancel, or close"), ROOMS.map(([, title, key]) => line(`g ${key}`, title)), line("?", "this list")));
}

let waits = false;
function pressed(event) {
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (waits) {
    waits = false;
    const found = ROOMS.find(([, , key]) => key === event.key);
    if (found) { event.preventDefault(); studio.go(found[0]); }
  } else if (event.key === "g") {
    waits = true;
    setTimeout(() => { waits = false; }, 1500);
  } else if (event.key === "?") {
    keys();
  }
}

let banner = null;
let isPassing = false;
/** Above all rooms; what passes by itself goes when the studio answers again. */
function say(message, passes = false) {
  if (banner?.isConnected) return;
  isPassing = passes;
  banner = el("div", { class: "banner", role: "alert" }, message, " ", el("button", { type: "button", class: "link", onclick: () => location.reload() }, "Try again"));
  document.body.prepend(banner);
}

build();
addEventListener("hashchange", enter);
addEventListener("keydown", pressed);
addEventListener("studio:locked", () => say("The studio was started anew: open the address that it wrote in its terminal."));
addEventListener("studio:lost", () => say("The studio does not answer. If it was stopped, start it again.", true));
addEventListener("studio:found", () => { if (isPassing) banner?.remove(); });
await enter();
