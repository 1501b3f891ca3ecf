// SPDX-License-Identifier: Apache-2.0
// A recipe as a form. Names, values, limits and help come from the recipe itself; only what was changed is sent.
import { get, post } from "/js/api.js";
import { el, replace, uid } from "/js/dom.js";
import { keep, recall } from "/js/store.js";
import { clearFaults, copy, duration, field, markFault, select, toast } from "/js/widgets.js";

const API = "/studio/api/train";
/** Those that are changed most, shown first. */
const FIRST = ["data.source", "data.image_size", "training.epochs", "training.max_steps", "training.batch_size", "training.optimizer.learning_rate", "training.seed", "training.dtype", "samples.every_steps", "samples.every_epochs"];

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const word = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const shown = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
const range = ([low, high]) => (duration(low) === duration(high) ? duration(low) : `${duration(low)} to ${duration(high)}`);

/** What is typed in, as YAML. */
function yaml(each, text) {
  if (text.trim() === "") return each.optional ? "null" : each.type === "TEXT" ? "''" : text;
  return each.type === "TEXT" ? quoted(text) : text.trim();
}

function control(each, value, changed) {
  if (each.type === "BOOLEAN") {
    const node = el("input", { type: "checkbox", checked: value === "true" || value === true, onchange: () => changed(String(node.checked)) });
    return node;
  }
  if (each.type === "CHOICE") {
    const options = each.optional ? [["", "none"], ...each.choices] : each.choices;
    return select(options, shown(value), (now) => changed(now === "" ? "null" : now));
  }
  const isNumber = each.type === "INTEGER" || each.type === "NUMBER";
  const node = el("input", {
    type: "text",
    inputmode: isNumber ? "decimal" : undefined,
    autocomplete: "off",
    spellcheck: "false",
    value: shown(value),
    placeholder: each.optional ? "none" : undefined,
    list: each.key.endsWith("data.source") ? "data-sources" : undefined,
    oninput: () => changed(yaml(each, node.value)),
  });
  return node;
}

/** As a key of a record: is_optional and so on. */
const plain = (each) => ({ ...each, optional: each.is_optional });

export function trainForm({ recipe: asked, runs, started, cancel }) {
  const draft = { recipe: "quickstart", preset: "", folder: "", name: "", changes: {}, ...recall("train.form", {}) };
  if (asked && asked !== draft.recipe) Object.assign(draft, { recipe: asked, preset: "", changes: {}, name: "" });
  let recipes = [];
  let times = {};
  let form = null;
  let turn = 0;
  const remember = () => keep("train.form", draft);

  const recipeBox = el("div", {});
  const about = el("div", { class: "stack tight recipe-about" });
  const groups = el("div", { class: "stack tight" });
  const changedBox = el("p", { class: "hint", role: "status" });
  const planBox = el("div", { "aria-live": "polite" });
  const name = el("input", { type: "text", autocomplete: "off", value: draft.name, oninput: () => { draft.name = name.value; remember(); } });
  const folder = el("select", { onchange: () => { draft.folder = folder.value; remember(); } });
  const plan = el("button", { type: "button", onclick: tryOne }, "What will it take?");
  const begin = el("button", { type: "button", class: "primary", title: "Ctrl/⌘ Enter", onclick: start }, "Start training");
  const giveUp = el("button", { type: "button", onclick: endTrial }, "Stop trying");
  const line = el("button", { type: "button", class: "link", onclick: copyLine }, "Copy as a command");
  const sources = el("datalist", { id: "data-sources" });

  /** Wherever the focus is, as in the other rooms. */
  function pressed(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    start();
  }
  addEventListener("keydown", pressed);

  const settings = el("div", { class: "card stack", hidden: true }, el("div", { class: "chart-head" }, el("h2", {}, "Settings"), el("span", { class: "spacer" }), changedBox, line), groups);
  const foot = el("div", { class: "card stack tight sticky-foot", hidden: true }, planBox,
    el("div", { class: "form-foot" }, field("Folder", folder, { name: "folder" }), field("Name", name, { name: "name" }),
      el("div", { class: "row" }, begin, plan, el("button", { type: "button", class: "quiet", onclick: cancel }, "Cancel"))));
  const node = el("div", { class: "stack train-form" }, el("div", { class: "card stack" }, el("h2", {}, "New training"), recipeBox, about), settings, foot, sources);
  /** They come when what stands above them is there, so that nothing moves them. */
  const unfold = () => { settings.hidden = foot.hidden = false; };

  const sent = () => ({ recipe: draft.recipe, preset: draft.preset, changes: draft.changes, folder: folder.value, name: draft.name.trim() });

  function fault(error) {
    if (!markFault(node, error)) toast(error.message, { bad: true });
  }

  async function copyLine() {
    try {
      const { call } = await post(`${API}/check`, sent());
      copy(`./diffuse ${call.map(word).join(" ")}`);
    } catch (error) { fault(error); }
  }

  let trial = null;

  async function tryOne() {
    clearFaults(node);
    plan.disabled = true;
    trial = crypto.getRandomValues(new Uint32Array(4)).join("-");
    replace(planBox, el("div", { class: "row notice" }, el("span", { class: "grow" }, "A step is being tried in a process of its own…"), giveUp));
    try {
      const tried = await post(`${API}/plan`, { ...sent(), trial });
      replace(planBox, tried && el("pre", {}, tried.lines.join("\n")));
    } catch (error) {
      replace(planBox);
      fault(error);
    }
    plan.disabled = false;
    trial = null;
  }

  function endTrial() {
    if (trial) post(`${API}/plan/end`, { trial }).catch((error) => toast(error.message, { bad: true }));
  }

  // a page that is loaded anew or closed asks no more for it; an ordinary call would end with the page
  function endBehind() {
    if (trial) navigator.sendBeacon(`${API}/plan/end`, new Blob([JSON.stringify({ trial })], { type: "application/json" }));
  }
  addEventListener("pagehide", endBehind);

  async function start() {
    if (begin.disabled) return;
    clearFaults(node);
    begin.disabled = true;
    try {
      const { run } = await post(`${API}/start`, sent());
      Object.assign(draft, { name: "", changes: {} });
      remember();
      started(run);
    } catch (error) { fault(error); }
    begin.disabled = false;
  }

  function change(each, text) {
    const same = text === (each.type === "TEXT" && each.value !== null ? quoted(each.value) : each.value === null ? "null" : shown(each.value));
    if (same) delete draft.changes[each.key];
    else draft.changes[each.key] = text;
    remember();
    count();
  }

  function count() {
    const keys = Object.keys(draft.changes);
    replace(changedBox, keys.length ? [`${keys.length} changed `, el("button", { type: "button", class: "link", onclick: () => { draft.changes = {}; remember(); paint(); } }, "Undo all")] : "as the recipe has it");
    for (const place of groups.querySelectorAll("[data-field]")) place.classList.toggle("changed", place.dataset.field in draft.changes);
  }

  /** What was typed in before, as a page shows it. */
  function current(each) {
    const text = draft.changes[each.key];
    if (text === undefined) return each.value;
    if (text === "null") return null;
    return each.type === "TEXT" && text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text;
  }

  function row(each, short) {
    const isPlain = ["must be > 0", "must be >= 0", "must be a finite number > 0", "must be a finite number >= 0"].includes(each.allowed);
    const limits = each.least !== null && each.most !== null ? `${each.least} to ${each.most}` : isPlain ? "" : each.allowed;
    const hint = [each.help, limits].filter(Boolean).join("; ");
    const input = control(each, current(each), (text) => change(each, text));
    const node = field(short, input, { name: each.key, hint });
    if (each.type === "BOOLEAN") node.classList.add("toggle-row");
    return node;
  }

  function onOff(group) {
    const id = uid("group");
    const isOn = group.key in draft.changes ? draft.changes[group.key] !== "null" : group.is_on;
    const box = el("input", { type: "checkbox", id, checked: isOn, onchange: () => {
      const now = box.checked ? "{}" : "null";
      if (box.checked === group.is_on) delete draft.changes[group.key];
      else draft.changes = { [group.key]: now, ...draft.changes };
      if (!box.checked) for (const key of Object.keys(draft.changes)) if (key.startsWith(`${group.key}.`)) delete draft.changes[key];
      remember();
      count();
    } });
    return el("div", { class: "field toggle", data: { field: group.key } }, box, el("label", { for: id }, "Use it"), el("p", { class: "fault", hidden: true }));
  }

  function paint() {
    const all = form.groups.map((group) => ({ ...group, fields: group.fields.map(plain) }));
    const open = new Set([...groups.querySelectorAll("details[open]")].map((each) => each.dataset.group));
    const isChain = recipes.find((each) => each.name === draft.recipe)?.is_chain;
    const main = isChain ? [] : FIRST.map((key) => all.flatMap((group) => group.fields).find((each) => each.key === key)).filter(Boolean);
    const rest = all.map((group) => ({ ...group, fields: group.fields.filter((each) => !main.includes(each)) })).filter((group) => group.fields.length)
      .sort((one, other) => (one.key === "") - (other.key === ""));
    replace(groups,
      main.length ? el("div", { class: "form-grid" }, main.map((each) => row(each, each.key))) : null,
      rest.map((group) => el("details", { data: { group: group.key }, class: "form-group", open: open.has(group.key) },
        el("summary", {}, group.key || "other", group.help ? el("span", { class: "hint" }, ` ${group.help}`) : null),
        group.is_optional ? onOff(group) : null,
        el("div", { class: "form-grid" }, group.fields.map((each) => row(each, group.key ? each.key.slice(group.key.length + 1) : each.key))))));
    count();
  }

  function describe() {
    const recipe = recipes.find((each) => each.name === draft.recipe);
    if (!recipe) return;
    const guess = times[draft.recipe]?.[draft.preset];
    replace(about,
      el("p", {}, recipe.summary), el("p", { class: "hint" }, `From: ${recipe.source}`),
      recipe.figures.length ? el("ul", { class: "hint" }, recipe.figures.map((each) => el("li", {}, each))) : null,
      el("p", {}, el("span", { class: "tag" }, guess ? `about ${range(guess)} here` : "time here: ask below"), " ", el("span", { class: "hint" }, recipe.cost ? `Seen: ${recipe.cost}` : "")),
      recipe.has_stand_in && !("data.source" in draft.changes) ? el("p", { class: "notice warn" }, "Without data of your own it learns from made-up shapes: set data.source.") : null);
  }

  function choices() {
    const kind = (each) => (times[each.name]?.[""] === undefined && !each.is_first ? "As long as your network and data take" : each.is_first ? "First steps, minutes each" : "Long; a preset is shorter");
    const labels = ["First steps, minutes each", "Long; a preset is shorter", "As long as your network and data take"];
    const recipe = el("select", { onchange: () => { Object.assign(draft, { recipe: recipe.value, preset: "", changes: {} }); remember(); load(); } },
      labels.map((label) => el("optgroup", { label }, recipes.filter((each) => kind(each) === label).map((each) => el("option", { value: each.name }, each.name)))));
    recipe.value = draft.recipe;
    const presets = recipes.find((each) => each.name === draft.recipe)?.presets ?? [];
    const preset = select([["", "whole"], ...presets], draft.preset, (value) => { draft.preset = value; draft.changes = {}; remember(); load(); });
    preset.disabled = presets.length === 0;
    replace(recipeBox, el("div", { class: "columns" }, field("Recipe", recipe, { name: "recipe" }), field("Preset", preset, { name: "preset" })));
  }

  async function load() {
    const mine = ++turn;
    choices();
    describe();
    replace(planBox);
    try {
      const loaded = await get(`${API}/form?${new URLSearchParams({ recipe: draft.recipe, preset: draft.preset })}`);
      if (mine !== turn) return;
      form = loaded;
      name.placeholder = form.name;
      replace(groups);
      paint();
    } catch (error) { toast(error.message, { bad: true }); }
    unfold();
  }

  async function open() {
    try {
      const [{ recipes: all }, { folders }] = await Promise.all([get(`${API}/recipes`), get(`${API}/folders`)]);
      recipes = all;
      if (!recipes.some((each) => each.name === draft.recipe)) Object.assign(draft, { recipe: "quickstart", preset: "", changes: {} });
      replace(folder, folders.map((each) => el("option", { value: each }, each)));
      folder.value = folders.includes(draft.folder) ? draft.folder : folders[0];
      await load();
      const { sets } = await get("/studio/api/data/sets");
      replace(sources, sets.map((each) => el("option", { value: each.source })));
      times = (await get(`${API}/times`)).times;
      choices();
      describe();
    } catch (error) {
      unfold();
      toast(error.message, { bad: true });
    }
  }
  open();
  return { node, leave() { turn += 1; endTrial(); removeEventListener("keydown", pressed); removeEventListener("pagehide", endBehind); } };
}
