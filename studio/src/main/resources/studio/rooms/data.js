// SPDX-License-Identifier: Apache-2.0
// Data sets: what is in them, what a training sees of them, what is wrong with them.
import { get, post } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { keep, recall } from "/js/store.js";
import { field, toast } from "/js/widgets.js";
import { checks } from "/rooms/data/checks.js";
import { card } from "/rooms/data/card.js";
import { look } from "/rooms/data/look.js";

export const title = "Data";
const API = "/studio/api/data";
const PAGE = 60;

export function show(root, studio) {
  const state = { source: studio.route().params.get("source") ?? recall("data.source", null), label: -1, words: "", items: [], found: 0, set: null };
  const choice = el("div", { class: "data-choice" });
  const about = el("p", { class: "hint", role: "status" });
  const kinds = el("div", { class: "chips", role: "group", "aria-label": "Classes" });
  const words = el("input", { type: "search", placeholder: "name or caption", oninput: () => { clearTimeout(typing); typing = setTimeout(() => { state.words = words.value.trim(); load(); }, 250); } });
  const files = el("input", { type: "file", multiple: true, accept: "image/*", class: "sr", "aria-label": "Pictures to add", onchange: () => { add([...files.files]); files.value = ""; } });
  const adding = el("button", { type: "button", onclick: () => files.click() }, "Add pictures…");
  const train = el("button", { type: "button", onclick: begin }, "Train on it");
  const grid = el("ul", { class: "data-grid" });
  const more = el("div", { class: "data-more", "aria-hidden": "true" });
  const check = checks({ open: (index) => open(index) });
  const drop = el("div", { class: "data-drop" }, grid, more, el("p", { class: "drop-here", "aria-hidden": "true" }, "Drop pictures here to add them"));
  let typing = 0;
  let turn = 0;
  let isLoading = false;
  let isGone = false;
  let sets = [];

  root.append(
    el("div", { class: "room-head" }, el("h1", {}, title), el("span", { class: "spacer" }), files, adding, train),
    el("div", { class: "card stack tight data-head" }, el("div", { class: "columns" }, choice, field("Find", words)), about, kinds),
    check.node, drop);

  const sight = new IntersectionObserver((seen) => { if (seen.some((each) => each.isIntersecting)) next(); }, { rootMargin: "600px" });
  sight.observe(more);

  function query(extra) {
    return new URLSearchParams({ source: state.source, label: state.label, words: state.words, ...extra });
  }

  async function load() {
    if (isGone) return; // the address is another room's by now
    const mine = ++turn;
    state.items = [];
    history.replaceState(null, "", `#/data?${new URLSearchParams({ source: state.source })}`);
    keep("data.source", state.source);
    try {
      const set = await get(`${API}/pictures?${query({ offset: 0, limit: PAGE })}`);
      if (mine !== turn) return;
      take(set, true);
    } catch (error) {
      if (mine !== turn) return;
      state.set = null;
      replace(grid);
      replace(kinds);
      replace(about, error.message);
    }
  }

  async function next() {
    if (isLoading || !state.set || state.items.length >= state.found) return;
    isLoading = true;
    const mine = turn;
    try {
      const set = await get(`${API}/pictures?${query({ offset: state.items.length, limit: PAGE })}`);
      if (mine === turn) take(set, false);
    } catch (error) { toast(error.message, { bad: true }); }
    isLoading = false;
  }

  function take(set, isFirst) {
    state.set = set;
    state.found = set.found;
    state.items.push(...set.items);
    const nodes = set.items.map((item) => card(item, { set, source: state.source, save, open: () => open(item.index) }));
    if (isFirst) replace(grid, nodes);
    else grid.append(...nodes);
    if (isFirst && !nodes.length) grid.append(el("li", { class: "empty" }, "Nothing is found."));
    const parts = [`${set.size} pictures`, set.classes.length ? `${set.classes.length} classes` : null, set.captions ? `${set.captions} with a caption` : null, state.found !== set.size ? `${state.found} found` : null];
    replace(about, parts.filter(Boolean).join(" · "));
    adding.hidden = !set.is_editable;
    drop.classList.toggle("takes", set.is_editable);
    if (state.items.length < state.found) { sight.unobserve(more); sight.observe(more); } // it may still be in sight, of which nothing is said unless it is looked at anew
    if (isFirst) {
      const chip = (text, label) => el("button", { type: "button", class: "chip", "aria-pressed": String(state.label === label), onclick: () => { state.label = label; load(); } }, text);
      replace(kinds, set.classes.length ? [chip("all", -1), set.classes.map(([name, count], i) => chip(`${name} ${count}`, i))] : null);
    }
  }

  async function save(item, caption) {
    await post(`${API}/caption`, { source: state.source, name: item.name, caption });
    item.caption = caption;
    toast("Saved");
  }

  function open(index) {
    const item = state.items.find((each) => each.index === index) ?? { index, name: `picture ${index}`, caption: null, label: -1 };
    look(item, { source: state.source, set: state.set, save });
  }

  async function add(chosen) {
    const kind = state.label >= 0 ? state.set.classes[state.label][0] : "";
    let count = 0;
    for (const file of chosen) {
      try {
        await post(`${API}/add?${new URLSearchParams({ source: state.source, name: file.name, class: kind })}`, file);
        count += 1;
      } catch (error) { toast(`${file.name}: ${error.message}`, { bad: true }); }
    }
    if (count) {
      toast(count === 1 ? "One picture was added" : `${count} pictures were added`);
      check.of(state.source);
      await load();
    }
  }

  function begin() {
    keep("train.form", { ...recall("train.form", { recipe: "butterflies-32", preset: "" }), changes: { "data.source": `'${state.source.replaceAll("'", "''")}'` } });
    studio.go("train", { new: recall("train.form", {}).recipe ?? "butterflies-32" });
  }

  let depth = 0;
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const onEnter = (event) => { if (hasFiles(event) && state.set?.is_editable) { depth += 1; drop.classList.add("over"); } };
  const onLeave = (event) => { if (hasFiles(event)) { depth = Math.max(0, depth - 1); if (!depth) drop.classList.remove("over"); } };
  const onOver = (event) => { if (hasFiles(event)) event.preventDefault(); };
  const onDrop = (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    drop.classList.remove("over");
    if (state.set?.is_editable) add([...event.dataTransfer.files]);
    else toast("This data set is no folder of pictures: nothing can be added to it", { bad: true });
  };
  root.addEventListener("dragenter", onEnter);
  root.addEventListener("dragleave", onLeave);
  root.addEventListener("dragover", onOver);
  root.addEventListener("drop", onDrop);

  async function begun() {
    try {
      ({ sets } = await get(`${API}/sets`));
    } catch (error) { replace(about, error.message); return; }
    if (!sets.some((each) => each.source === state.source)) state.source = (sets.find((each) => !each.is_made) ?? sets[0]).source;
    const option = (each) => el("option", { value: each.source }, each.name);
    const box = el("select", { onchange: () => { Object.assign(state, { source: box.value, label: -1 }); check.of(state.source); load(); } },
      el("optgroup", { label: "In the open folders" }, sets.filter((each) => !each.is_made).map(option)),
      el("optgroup", { label: "Made by the library" }, sets.filter((each) => each.is_made).map(option)));
    box.value = state.source;
    replace(choice, field("Data set", box));
    check.of(state.source);
    await load();
  }
  begun();
  return () => { sight.disconnect(); clearTimeout(typing); check.leave(); isGone = true; turn += 1; };
}

