// SPDX-License-Identifier: Apache-2.0
// Gallery: every picture of the folders with its note. Only the rows that are seen are in the page.
import { fileUrl, get, post } from "/js/api.js";
import { el, icon, replace } from "/js/dom.js";
import * as jobs from "/js/jobs.js";
import { keep, recall, watch } from "/js/store.js";
import { ICONS, dialog, field, picture, select, toast } from "/js/widgets.js";
import { beside } from "/rooms/gallery/beside.js";
import { nearSeeds } from "/rooms/gallery/near.js";

export const title = "Gallery";

const GAP = 10;
const SPARE = 3;

export function show(root, studio) {
  const gallery = new Gallery(root, studio);
  gallery.start();
  return () => gallery.leave();
}

const fileName = (place) => place.split("/").pop();
const words = (each) => each.prompt || (each.class !== undefined && each.class !== null ? `class ${each.class}` : "") || fileName(each.place);

class Gallery {
  constructor(root, studio) {
    this.root = root;
    this.studio = studio;
    this.all = [];
    this.shown = [];
    this.marked = new Set();
    this.focus = 0;
    this.size = recall("gallery.size", 168);
    this.ends = [];
  }

  async start() {
    this.search = el("input", { type: "search", placeholder: "Text, model, seed or file", oninput: () => this.filter() });
    this.model = select([["", "All models"]], "", () => this.filter());
    this.starred = el("button", { type: "button", "aria-pressed": "false", onclick: () => { this.starred.setAttribute("aria-pressed", String(this.starred.getAttribute("aria-pressed") !== "true")); this.filter(); } }, icon(ICONS.star), "Starred");
    this.zoom = el("input", { type: "range", min: 96, max: 320, step: 8, value: this.size, "aria-label": "Size of the pictures", oninput: () => { this.size = Number(this.zoom.value); keep("gallery.size", this.size); this.layout(); } });
    this.count = el("span", { class: "hint", "aria-live": "polite" });
    this.actions = el("div", { class: "row", hidden: true });
    this.list = el("div", { class: "wall", role: "group", "aria-label": "Pictures" });
    replace(this.root, el("div", { class: "room-head" }, el("h1", {}, "Gallery"), this.count, el("span", { class: "spacer" }), el("button", { type: "button", class: "quiet", onclick: () => this.bin() }, icon(ICONS.bin), "Bin")),
      el("div", { class: "filters" }, this.labelled("Search", this.search), this.labelled("Model", this.model), this.starred, el("div", { class: "zoom" }, this.zoom)), this.actions, this.list);
    this.scroller = document.getElementById("room");
    this.on(this.scroller, "scroll", () => this.paint());
    this.on(window, "keydown", (event) => this.pressed(event));
    this.watcher = new ResizeObserver(() => this.layout());
    this.watcher.observe(this.list);
    this.ends.push(watch("gallery", () => this.load()), jobs.onListChange(() => this.loadSoon()));
    await this.load();
    const wanted = this.studio.route().params.get("picture");
    const found = this.shown.findIndex((each) => each.place === wanted);
    if (found >= 0) this.open(found);
  }

  labelled(label, control) {
    const node = field(label, control);
    node.querySelector("label").classList.add("sr");
    return node;
  }

  on(target, name, handler) {
    target.addEventListener(name, handler, { passive: name === "scroll" });
    this.ends.push(() => target.removeEventListener(name, handler));
  }

  leave() {
    this.isGone = true;
    clearTimeout(this.soon);
    this.ends.forEach((end) => end());
    this.watcher.disconnect();
  }

  loadSoon() {
    clearTimeout(this.soon);
    if (this.isGone) return;
    this.soon = setTimeout(() => this.load(), 600);
  }

  async load() {
    try {
      const { pictures, passed } = await get("/studio/api/gallery/pictures");
      if (this.isGone) return;
      this.all = pictures;
      this.passed = passed;
    } catch (error) {
      toast(error.message, { bad: true });
      return;
    }
    const places = new Set(this.all.map((each) => each.place));
    const left = [...this.marked].filter((place) => places.has(place));
    if (left.length !== this.marked.size) { this.marked = new Set(left); this.paintActions(); } // another tab threw some away
    const models = [...new Set(this.all.map((each) => each.model).filter(Boolean))].sort();
    const chosen = this.model.value;
    replace(this.model, [["", "All models"], ...models.map((name) => [name, name])].map(([value, text]) => el("option", { value }, text)));
    this.model.value = models.includes(chosen) ? chosen : "";
    this.filter();
  }

  filter() {
    const asked = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const model = this.model.value;
    const onlyStars = this.starred.getAttribute("aria-pressed") === "true";
    this.shown = this.all.filter((each) => {
      if (model && each.model !== model || onlyStars && !each.star) return false;
      if (asked.length === 0) return true;
      const text = `${each.place} ${each.prompt ?? ""} ${each.class === undefined || each.class === null ? "" : `class ${each.class}`} ${each.text ?? ""} ${each.model ?? ""} ${each.seed ?? ""} ${each.scheduler ?? ""} ${(each.guides ?? []).join(" ")}`.toLowerCase();
      return asked.every((word) => text.includes(word));
    });
    replace(this.count, this.shown.length === this.all.length ? `${this.all.length}` : `${this.shown.length} of ${this.all.length}`, this.passed ? `, the newest; ${this.passed} older ones are not shown` : "");
    this.focus = Math.min(this.focus, Math.max(0, this.shown.length - 1));
    this.layout();
  }

  /** Where the pictures are; then those that are seen. */
  layout() {
    const width = this.list.clientWidth;
    this.columns = Math.max(1, Math.floor((width + GAP) / (this.size + GAP)));
    this.cell = (width - GAP * (this.columns - 1)) / this.columns;
    const rows = Math.ceil(this.shown.length / this.columns);
    this.list.style.setProperty("height", this.shown.length ? `${rows * (this.cell + GAP)}px` : "auto");
    this.first = this.last = -1;
    replace(this.list, this.shown.length === 0 ? el("p", { class: "empty" }, this.all.length === 0 ? "There are no pictures in the folders yet. What you draw is kept in the folder “drawn”." : "No picture fits.") : null);
    this.tiles = new Map();
    if (this.shown.length) this.paint();
  }

  paint() {
    if (!this.shown.length) return;
    const top = this.scroller.scrollTop - this.list.offsetTop;
    const step = this.cell + GAP;
    const from = Math.max(0, Math.floor(top / step) - SPARE) * this.columns;
    const to = Math.min(this.shown.length, (Math.ceil((top + this.scroller.clientHeight) / step) + SPARE) * this.columns);
    if (from === this.first && to === this.last) return;
    [this.first, this.last] = [from, to];
    for (const [index, tile] of this.tiles) {
      if (index < from || index >= to) { tile.remove(); this.tiles.delete(index); }
    }
    for (let index = from; index < to; index++) {
      if (!this.tiles.has(index)) {
        const tile = this.tile(index);
        this.tiles.set(index, tile);
        this.list.append(tile);
      }
    }
  }

  tile(index) {
    const each = this.shown[index];
    const step = this.cell + GAP;
    const thumb = Math.min(512, Math.ceil((this.cell * (window.devicePixelRatio || 1)) / 64) * 64);
    const image = picture(fileUrl(each.place, { thumb }), { width: Math.round(this.cell), height: Math.round(this.cell), alt: words(each), lazy: false });
    image.onload = () => { if (image.naturalWidth <= 96) image.classList.add("pixels"); };
    const button = el("button", { type: "button", class: "shot", tabindex: index === this.focus ? "0" : "-1", onclick: (event) => (event.shiftKey || event.ctrlKey || event.metaKey ? this.mark(index) : this.open(index)), onfocus: () => this.focused(index) }, image);
    return el("div", { class: ["cell", this.marked.has(each.place) && "marked"], data: { index }, style: { left: `${(index % this.columns) * step}px`, top: `${Math.floor(index / this.columns) * step}px`, width: `${this.cell}px`, height: `${this.cell}px` } },
      button,
      el("label", { class: "pick" }, el("input", { type: "checkbox", "aria-label": `Choose ${words(each)}`, tabindex: "-1", checked: this.marked.has(each.place), onchange: () => this.mark(index) })),
      each.star ? el("span", { class: "starred", title: "Starred" }, icon(ICONS.star)) : null);
  }

  focused(index) {
    const before = this.tiles.get(this.focus)?.querySelector(".shot");
    if (before) before.tabIndex = -1;
    this.focus = index;
    const now = this.tiles.get(index)?.querySelector(".shot");
    if (now) now.tabIndex = 0;
  }

  go(index) {
    if (this.isGone || index < 0 || index >= this.shown.length) return;
    const step = this.cell + GAP;
    const top = Math.floor(index / this.columns) * step + this.list.offsetTop;
    if (top < this.scroller.scrollTop + 60) this.scroller.scrollTop = top - 60;
    else if (top + step > this.scroller.scrollTop + this.scroller.clientHeight) this.scroller.scrollTop = top + step - this.scroller.clientHeight;
    this.paint();
    this.tiles.get(index)?.querySelector(".shot").focus({ preventScroll: true });
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || !event.target.closest?.(".shot")) return;
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns, Home: -this.focus, End: this.shown.length - 1 - this.focus };
    if (event.key in moves) { event.preventDefault(); this.go(this.focus + moves[event.key]); }
    else if (event.key === "s") this.star(this.shown[this.focus]);
    else if (event.key === "x") this.mark(this.focus);
    else if (event.key === "Delete") this.discard(this.marked.size ? [...this.marked] : [this.shown[this.focus].place]);
  }

  mark(index) {
    const { place } = this.shown[index];
    if (!this.marked.delete(place)) this.marked.add(place);
    const tile = this.tiles.get(index);
    tile?.classList.toggle("marked", this.marked.has(place));
    const box = tile?.querySelector("input");
    if (box) box.checked = this.marked.has(place);
    this.paintActions();
  }

  paintActions() {
    this.actions.hidden = this.marked.size === 0;
    const chosen = this.all.filter((each) => this.marked.has(each.place));
    replace(this.actions, el("span", { class: "muted" }, `${this.marked.size} chosen`),
      el("button", { type: "button", disabled: chosen.length !== 2, onclick: () => beside(chosen, { facts: (each) => this.facts(each), words, open: (place) => this.openNew(place), closed: () => this.loadSoon() }) }, "Side by side"),
      el("button", { type: "button", class: "danger", onclick: () => this.discard([...this.marked]) }, icon(ICONS.bin), "Throw away"),
      el("button", { type: "button", class: "quiet", onclick: () => { this.marked.clear(); this.paintActions(); this.layout(); } }, "None"));
  }

  async star(each) {
    each.star = !each.star;
    try {
      await post("/studio/api/gallery/star", { place: each.place, on: each.star });
      keep("gallery", Date.now());
    } catch (error) { each.star = !each.star; toast(error.message, { bad: true }); }
    const index = this.shown.indexOf(each);
    const tile = this.tiles.get(index);
    if (tile) {
      const hadFocus = tile.contains(document.activeElement);
      const next = this.tile(index);
      tile.replaceWith(next);
      this.tiles.set(index, next);
      if (hadFocus) next.querySelector(".shot").focus({ preventScroll: true });
    }
  }

  async discard(places) {
    try {
      const { names, missing } = await post("/studio/api/gallery/bin", { places });
      this.marked.clear();
      this.paintActions();
      await this.load();
      keep("gallery", Date.now());
      const words = names.length === 1 ? "Thrown away" : `${names.length} thrown away`;
      toast(missing ? `${words}; ${missing} were gone already` : words, { undo: () => this.restore(names) });
      this.go(Math.min(this.focus, this.shown.length - 1));
    } catch (error) {
      toast(error.message, { bad: true });
      await this.load(); // a picture that is gone is no longer shown
    }
  }

  async restore(names) {
    try {
      await post("/studio/api/gallery/restore", { names });
      await this.load();
      keep("gallery", Date.now());
    } catch (error) { toast(error.message, { bad: true }); }
  }

  async bin() {
    try {
      const { pictures } = await get("/studio/api/gallery/bin");
      const box = dialog("Bin", pictures.length === 0 ? el("p", { class: "muted" }, "The bin is empty.") : [
        el("p", { class: "hint" }, "They lie in the folder .studio/bin of the opened folder; delete them there."),
        el("ul", { class: "plain" }, pictures.map((each) => el("li", { class: "row" }, el("span", { class: "grow" }, each.place), el("button", { type: "button", onclick: async () => { box.close(); await this.restore([each.name]); } }, "Put back"))))]);
    } catch (error) { toast(error.message, { bad: true }); }
  }

  facts(each) {
    const rows = [["Prompt", each.prompt], ["Class", each.class], ["Model", each.model], ["Seed", each.seed], ["On the way", each.toward && `${Math.round(100 * each.toward.share)} % to seed ${each.toward.seed}`], ["Scheduler", each.scheduler], ["Steps", each.steps], ["Guidance", each.scale],
      ["Steered by", each.guides?.join(", ")], ["LoRAs", each.loras?.map((name) => fileName(name)).join(", ")], ["Text", each.text], ["File", each.place]];
    return rows.filter(([, value]) => value !== undefined && value !== null && value !== "").map(([name, value]) => [name, String(value)]);
  }

  open(index) {
    const box = this.view(this.shown[index]);
    box.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step && this.shown[index + step] && !event.target.closest("input, textarea")) { box.close(); this.open(index + step); }
    });
    box.addEventListener("close", () => this.go(index));
  }

  /** A picture with what its note says, over the page. */
  view(each) {
    const image = el("img", { src: fileUrl(each.place), alt: words(each), class: "large" });
    image.onload = () => image.classList.toggle("pixels", image.naturalWidth <= 128);
    const isOurs = each.seed !== undefined;
    const close = (action) => () => { box.close(); action(); };
    const starButton = el("button", { type: "button", "aria-pressed": String(Boolean(each.star)), onclick: async () => { await this.star(each); starButton.setAttribute("aria-pressed", String(Boolean(each.star))); } }, icon(ICONS.star), "Star");
    const near = el("div", { class: "strip", "aria-live": "polite" });
    const box = dialog(words(each), el("div", { class: "viewer wide" }, image, el("div", { class: "stack" },
      el("dl", { class: "facts" }, this.facts(each).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      el("div", { class: "row" },
        isOurs || each.text ? el("button", { type: "button", class: "primary", onclick: close(() => this.studio.go("draw", { from: each.place })) }, icon(ICONS.draw), "Draw with these settings") : null,
        el("button", { type: "button", onclick: close(() => this.studio.go("draw", { start: each.place })) }, "Begin with this"),
        isOurs ? el("button", { type: "button", onclick: (event) => { event.currentTarget.disabled = true; nearSeeds(each, near, (place) => this.openNew(place)).then(() => this.loadSoon()); } }, "More like this") : null,
        starButton,
        el("a", { class: "button", href: fileUrl(each.place), download: fileName(each.place) }, icon(ICONS.down), "Save"),
        el("button", { type: "button", class: "danger", onclick: close(() => this.discard([each.place])) }, icon(ICONS.bin), "Throw away")), near)));
    return box;
  }

  /** One that was drawn a moment ago, over whatever is open. */
  async openNew(place) {
    if (!this.all.some((each) => each.place === place)) await this.load();
    const each = this.all.find((one) => one.place === place);
    if (each) this.view(each);
    else toast("The picture is not there any more", { bad: true });
  }
}
