// SPDX-License-Identifier: Apache-2.0
// Compare: one setting across, one down, one a page; and what was measured of ways to draw.
import { get } from "/js/api.js";
import { el, icon, replace, svg } from "/js/dom.js";
import * as jobs from "/js/jobs.js";
import { keep, keepHere, recall, recallHere } from "/js/store.js";
import { AXES, axesOf, isText, put, valuesOf } from "/rooms/compare/axes.js";
import { measure } from "/rooms/compare/measure.js";
import { measuredTables } from "/rooms/compare/tables.js";
import { ICONS, dialog, duration, field, select, toast } from "/js/widgets.js";

export const title = "Compare";

const MOST_CELLS = 100;

export function show(root, studio) {
  const room = new Compare(root, studio);
  room.start();
  return () => room.leave();
}

class Compare {
  constructor(root, studio) {
    Object.assign(this, { root, studio, ends: new Set() });
    this.state = recall("compare", { x: "steps", xs: "5, 10, 20", y: "scheduler", ys: "ddim, dpm-multistep", z: "", zs: "" });
    this.models = new Map();
  }

  leave() {
    this.isGone = true;
    this.measuring?.leave();
    this.ends.forEach((end) => end());
    this.tables?.leave();
    removeEventListener("keydown", this.keys);
    removeEventListener("studio:look", this.look);
  }

  async start() {
    this.grid = el("div", { class: "grids", "aria-live": "polite" });
    this.measure = el("div", { class: "measure" });
    this.tables = measuredTables();
    this.form = el("form", { class: "card axes", "aria-label": "What is compared", onsubmit: (event) => { event.preventDefault(); this.draw(); } });
    replace(this.root, el("div", { class: "room-head" }, el("h1", {}, "Compare"), el("span", { class: "hint" }, "The other settings are those of the room Draw.")), this.form, this.grid, this.measure, this.tables.node);
    this.keys = (event) => {
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.draw(); }
      else if (event.key === "Escape") this.cancel();
    };
    this.look = () => this.measured && this.tables.show(this.measured); // the plots are painted in the other colours
    addEventListener("keydown", this.keys);
    addEventListener("studio:look", this.look);
    try {
      const [{ models }, { tables, judges }, drawn] = await Promise.all([get("/studio/api/draw/models"), get("/studio/api/compare/tables"), recallHere("compare.jobs", null) ? jobs.list() : []]);
      this.drawn = new Map(drawn.map((job) => [job.id, job]));
      this.known = models.map((each) => each.name);
      this.measured = tables;
      this.judges = judges;
    } catch (error) {
      replace(this.form, el("p", { class: "notice bad" }, error.message));
      return;
    }
    if (this.known.length === 0) { replace(this.form, el("p", { class: "empty" }, "There is no model in the folders that are open.")); return; }
    this.base = recall("draw", {});
    if (!this.known.includes(this.base.model)) this.base.model = this.known[0];
    try {
      await this.model(this.base.model);
    } catch (error) {
      replace(this.form, el("p", { class: "notice bad" }, error.message));
      return;
    }
    if (this.isGone) return;
    this.build();
    this.restore();
    this.tables.show(this.measured);
  }

  async model(name) {
    if (!this.models.has(name)) this.models.set(name, await get(`/studio/api/draw/models/${name.split("/").map(encodeURIComponent).join("/")}`));
    return this.models.get(name);
  }

  build() {
    const names = axesOf(this.models.get(this.base.model), this.base);
    const { state } = this;
    const axis = (key, label, isOptional) => {
      if (!names.includes(state[key])) { state[key] = isOptional ? "" : key === "x" ? "steps" : "scheduler"; state[`${key}s`] = state[key] ? AXES[state[key]][2] : ""; }
      const values = el("input", { type: "text", value: state[`${key}s`], autocomplete: "off", oninput: () => { state[`${key}s`] = values.value; this.count(); } });
      const choice = select([...(isOptional ? [["", "none"]] : []), ...names.map((name) => [name, AXES[name][0]])], state[key], (name) => {
        state[key] = name;
        state[`${key}s`] = name ? this.usual(name) : "";
        values.value = state[`${key}s`];
        paint();
        this.count();
      });
      const listed = field("", values);
      const paint = () => {
        listed.hidden = !state[key];
        replace(listed.querySelector("label"), `Values, with ${isText(state[key]) ? "|" : "commas"} between`);
      };
      paint();
      return el("div", { class: "axis", data: { field: `axis-${key}` } }, field(label, choice), listed, el("p", { class: "fault", hidden: true }));
    };
    this.told = el("span", { class: "hint" });
    this.button = el("button", { type: "submit", class: "primary" }, "Draw the grid");
    this.stop = el("button", { type: "button", class: "quiet", hidden: this.stop?.hidden ?? true, onclick: () => this.cancel() }, "Cancel");
    this.picked = select(this.known, this.base.model, async (name) => {
      Object.assign(this.base, { model: name, steps: null, scheduler: null, guidance_scale: null, width: null, height: null, class: null, toward: null, beside: null }); // those were another model's
      this.form.setAttribute("aria-busy", "true");
      try { await this.model(name); this.build(); } catch (error) { toast(error.message, { bad: true }); }
      this.form.removeAttribute("aria-busy");
    });
    replace(this.form, field("Model", this.picked), axis("x", "Across"), axis("y", "Down", true), axis("z", "A grid for each", true), el("div", { class: "row" }, this.button, this.stop, this.told));
    this.count();
    this.measuring?.leave();
    const wasOpen = this.measure.querySelector("details")?.open;
    this.measuring = measure({ judges: this.judges, model: this.models.get(this.base.model), prompt: this.base.prompt, finished: () => this.newTable() });
    this.measuring.node.open = wasOpen ?? false;
    replace(this.measure, this.measuring.node);
  }

  async newTable() {
    try { this.measured = (await get("/studio/api/compare/tables")).tables; } catch { return; }
    if (!this.isGone) this.tables.show(this.measured);
  }

  usual(name) {
    if (name === "model") return this.known.slice(0, 3).join(", ");
    if (name === "prompt") return this.base.prompt || "";
    if (name === "size") { const model = this.models.get(this.base.model); return model.width ? `${model.width}x${model.height}` : "64x64"; }
    return AXES[name][2];
  }

  values(key) {
    const name = this.state[key];
    return name ? valuesOf(name, this.state[`${key}s`]) : [null];
  }

  count() {
    keep("compare", this.state);
    try {
      const cells = ["x", "y", "z"].reduce((product, key) => product * this.values(key).length, 1);
      replace(this.told, `${cells} ${cells === 1 ? "picture" : "pictures"}${cells > MOST_CELLS ? `, at most ${MOST_CELLS}` : ""}`);
      this.button.disabled = cells > MOST_CELLS;
    } catch (error) {
      replace(this.told, error.message);
      this.button.disabled = true;
    }
  }

  /** The settings of a cell. */
  at(cell) {
    const settings = { ...cell.base, count: 1 };
    settings.seed ??= 0;
    for (const key of ["x", "y", "z"]) {
      const name = cell.axes[key];
      if (name) put(settings, name, cell[key]);
    }
    return settings;
  }

  async draw() {
    if (this.button.disabled) return;
    await this.cancel();
    const values = { x: this.values("x"), y: this.values("y"), z: this.values("z") };
    const asked = { axes: { ...this.state }, base: { ...this.base }, values }; // the form may be changed while it is drawn
    keepHere("compare.jobs", null);
    keepHere("compare.grid", null); // where the new one has no room, none is there
    keepHere("compare.grid", asked);
    this.lay(asked);
    await this.fill((cell, turn) => this.submit(cell, turn));
  }

  /** The grid that this tab had before it was loaded anew: what was drawn is shown, and the rest of it goes on. */
  async restore() {
    const asked = recallHere("compare.grid", null);
    const { ids, isStopped } = recallHere("compare.jobs", null) ?? {};
    if (!asked || !ids?.some((id) => this.drawn.has(id))) return;
    this.lay(asked);
    this.isStopped = isStopped;
    this.cells.forEach((cell, i) => { cell.job = ids[i]; });
    await this.fill(async (cell, turn) => {
      const job = this.drawn.get(cell.job);
      if (job && !jobs.isOver(job)) await this.follow(cell, turn);
      else if (cell.job) this.over(cell, job ?? { state: "cancelled" });
      else if (isStopped) cell.box.classList.add("given-up");
      else await this.submit(cell, turn);
    });
  }

  /** Which jobs are those of the grid. */
  remember() {
    keepHere("compare.jobs", { ids: this.cells.map((cell) => cell.job ?? null), isStopped: this.isStopped });
  }

  /** The grid, with nothing drawn yet. */
  lay({ axes, base, values }) {
    this.cells = [];
    this.isStopped = false;
    const text = (key, value) => (value === null ? "" : `${AXES[axes[key]][0]} ${value}`);
    replace(this.grid, values.z.map((z) => el("figure", { class: "card xyz" }, z === null ? null : el("figcaption", {}, text("z", z)), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": text("z", z) || "Grid" }, el("table", { class: "sheet" },
      el("thead", {}, el("tr", {}, el("td", {}), values.x.map((x) => el("th", { scope: "col" }, text("x", x))))),
      el("tbody", {}, values.y.map((y) => el("tr", {}, el("th", { scope: "row" }, text("y", y)), values.x.map((x) => {
        const box = el("td", {}, el("div", { class: "slot" }));
        this.cells.push({ x, y, z, axes, base, box: box.firstChild });
        return box;
      })))))))));
  }

  /** Each cell in its turn. */
  async fill(each) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    this.stop.hidden = false;
    try {
      for (const cell of this.cells) {
        if (turn !== this.turn || this.isGone) return;
        await each(cell, turn);
      }
      await Promise.all(this.cells.map((cell) => cell.done));
    } catch (error) {
      toast(error.message, { bad: true });
    }
    if (turn !== this.turn) return;
    this.stop.hidden = true;
    this.chart();
  }

  async submit(cell, turn) {
    const settings = this.at(cell);
    try {
      const body = jobs.request(settings, await this.model(settings.model), { previews: 8, keeps: false });
      cell.job = (await jobs.submit(body)).id;
      if (turn === this.turn) this.remember();
      await this.follow(cell, turn);
    } catch (error) {
      replace(cell.box, el("p", { class: "fault" }, error.message));
    }
  }

  /** Waits for it where others are followed already: a browser has six connections for all its tabs. */
  async follow(cell, turn) {
    cell.done = this.watch(cell, turn);
    if ((this.following = (this.following ?? 0) + 1) > 2) await cell.done;
  }

  watch(cell, turn) {
    const showIt = this.frame(cell);
    return new Promise((resolve) => {
      const end = jobs.follow(cell.job, {
        preview: ({ b64_json: text }) => showIt(`data:image/png;base64,${text}`),
        over: (ended) => {
          this.following -= 1;
          this.over(cell, ended);
          this.ends.delete(end);
          resolve();
        },
      });
      this.ends.add(end);
      if (turn !== this.turn || this.isGone) end();
    });
  }

  /** The place of a cell's picture. */
  frame(cell) {
    const image = el("img", { alt: "", hidden: true });
    image.onload = () => image.classList.toggle("pixels", image.naturalWidth <= 128);
    cell.open = el("button", { type: "button", class: "shot", disabled: true, "aria-label": "Picture" }, image);
    cell.box.append(cell.open);
    return (cell.showIt = (url) => { image.src = url; image.hidden = false; });
  }

  /** What became of a cell's job. */
  over(cell, ended) {
    if (ended.state !== "done") {
      if (ended.state === "cancelled") cell.box.classList.add("given-up");
      else replace(cell.box, el("p", { class: "fault" }, ended.error?.message ?? ended.state));
      return;
    }
    if (!cell.open) this.frame(cell);
    cell.seconds = ended.seconds;
    cell.url = ended.pictures[0].url;
    const words = this.words(cell);
    cell.open.setAttribute("aria-label", words);
    cell.open.disabled = false;
    cell.showIt(cell.url);
    cell.box.append(el("span", { class: "hint mono" }, cell.seconds === null ? "" : duration(cell.seconds)));
    cell.open.addEventListener("click", () => this.large(cell, words));
    cell.box.classList.add("finished");
  }

  words(cell) {
    return ["x", "y", "z"].filter((key) => cell[key] !== null).map((key) => `${AXES[cell.axes[key]][0]} ${cell[key]}`).join(", ");
  }

  large(cell, words) {
    const image = el("img", { src: cell.url, alt: words, class: "large" });
    image.onload = () => image.classList.toggle("pixels", image.naturalWidth <= 128);
    const box = dialog(words, el("div", { class: "viewer" }, image, el("button", { type: "button", onclick: () => { box.close(); keep("draw", this.at(cell)); this.studio.go("draw"); } }, icon(ICONS.draw), "Take these settings")));
  }

  async cancel() {
    const left = (this.cells ?? []).filter((cell) => cell.job && !cell.box.classList.contains("finished"));
    if (left.length === 0) return;
    this.turn += 1;
    this.stop.hidden = true;
    this.isStopped = true;
    this.remember();
    await Promise.all(left.map((cell) => jobs.end(cell.job).catch(() => {})));
    left.forEach((cell) => cell.box.classList.add("given-up"));
  }

  /** Seconds of a picture, over what changes them. */
  chart() {
    const drawn = this.cells.filter((cell) => cell.seconds);
    if (drawn.length < 2) return;
    const most = Math.max(...drawn.map((cell) => cell.seconds));
    const rows = drawn.map((cell) => {
      return el("tr", {}, el("th", { scope: "row" }, this.words(cell)), el("td", { class: "bars" }, svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { width: (100 * cell.seconds) / most, height: 10, rx: 1 }))), el("td", { class: "number" }, duration(cell.seconds)));
    });
    this.grid.append(el("details", { class: "card" }, el("summary", {}, "Seconds of each picture"), el("table", {}, el("tbody", {}, rows)), el("p", { class: "hint" }, "As they were here, with whatever else the machine did. Below, quality is measured beside them, with a judge or against data.")));
  }
}
