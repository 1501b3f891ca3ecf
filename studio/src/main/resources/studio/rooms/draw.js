// SPDX-License-Identifier: Apache-2.0
// Draw: a form of what the model takes, the queue, and each picture as it comes out of the noise.
import { fileUrl, get, post } from "/js/api.js";
import { commandText, el, icon, replace } from "/js/dom.js";
import { guideCards } from "/js/guides.js";
import * as jobs from "/js/jobs.js";
import { paintMask, readAsDataUrl } from "/js/mask.js";
import { keep, recall, watch } from "/js/store.js";
import { ICONS, bytes, clearFaults, copy, dialog, duration, field, iconButton, markFault, picture, seedBox, select, slider, toast } from "/js/widgets.js";
import { modelPicker } from "/js/models.js";
import { stage } from "/js/stage.js";

export const title = "Draw";

const SIZES = [["Square", 1, 1], ["Portrait", 3, 4], ["Landscape", 4, 3], ["Wide", 16, 9]];
/** They cost a few hundredths of the time of a drawing: bench/RESULTS.md. */
const MOST_PREVIEWS_A_SECOND = 5;

/** Letters of a picture and its mask that a browser is asked to keep: it has five million or so for all. */
const MOST_KEPT = 2_000_000;
const isKept = ({ picture: start, mask }) => (start?.length ?? 0) + (mask?.length ?? 0) < MOST_KEPT;

export function show(root, studio) {
  const room = new DrawRoom(root, studio);
  room.start();
  return () => room.leave();
}

class DrawRoom {
  constructor(root, studio) {
    this.root = root;
    this.studio = studio;
    this.settings = recall("draw", {});
    this.model = null;
    this.ends = [];
    this.estimated = null;
  }

  async start() {
    this.form = el("form", { class: "stack controls", novalidate: true, onsubmit: (event) => { event.preventDefault(); this.submit(); }, "aria-label": "What to draw" });
    this.stage = stage({ reuse: (seed) => { this.seed.set(seed, true); this.changed(); }, begin: (url) => this.beginWith(url), studio: this.studio, measured: (model, seconds) => { keep("speed", { ...recall("speed", {}), [model]: seconds }); if (model === this.model?.name) this.look(); } });
    replace(this.root, el("div", { class: "room-head" }, el("h1", {}, "Draw"), el("span", { class: "spacer" }),
      el("button", { type: "button", class: "quiet", onclick: () => this.code() }, icon(ICONS.copy), "As code")),
    el("div", { class: "split" }, this.form, this.stage.node));
    this.listen();
    this.stage.refresh();
    try {
      const [{ models }, { schedulers }, { loras, passed }] = await Promise.all([get("/studio/api/draw/models"), get("/studio/api/draw/schedulers"), get("/studio/api/draw/loras")]);
      Object.assign(this, { models, schedulers, loras, passed });
    } catch (error) {
      replace(this.form, el("p", { class: "notice bad" }, error.message));
      return;
    }
    if (this.models.length === 0) {
      replace(this.form, el("div", { class: "card empty" }, el("p", {}, "There is no model in the folders that are open."), el("p", {}, "Train one in the room Train, or start the studio with --models-dir.")));
      return;
    }
    const asked = this.studio.route().params;
    const lora = asked.get("lora");
    if (this.loras.some((each) => each.name === lora)) this.settings.loras = [{ name: lora, scale: 1 }];
    const known = this.models.map((each) => each.name);
    const wanted = asked.get("model") ?? this.settings.model;
    await this.choose(known.includes(wanted) ? wanted : known[0]);
    if (asked.get("from")) await this.restore({ place: asked.get("from") });
    if (asked.get("seed")) { this.seed.set(asked.get("seed"), true); this.changed(); }
    if (asked.get("start")) await this.beginWith(fileUrl(asked.get("start")));
  }

  leave() {
    clearTimeout(this.waiting);
    this.ends.forEach((end) => end());
    this.stage.leave();
  }

  on(target, name, handler) {
    target.addEventListener(name, handler);
    this.ends.push(() => target.removeEventListener(name, handler));
  }

  listen() {
    this.on(window, "keydown", (event) => {
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.submit(); }
      else if (event.key === "Escape") this.stage.cancel();
    });
    this.on(window, "dragover", (event) => { event.preventDefault(); this.root.classList.add("dropping"); });
    this.on(window, "dragleave", (event) => { if (!event.relatedTarget) this.root.classList.remove("dropping"); });
    this.on(window, "drop", (event) => {
      event.preventDefault();
      this.root.classList.remove("dropping");
      const file = event.dataTransfer.files[0];
      if (file && event.target.closest(".start-zone")) this.beginWithFile(file);
      else if (file) this.restore({ file });
    });
    this.on(window, "paste", (event) => {
      const file = [...event.clipboardData.files].find((each) => each.type.startsWith("image/"));
      if (file) this.restore({ file });
    });
    this.ends.push(watch("draw", (settings) => { if (document.hidden && this.model) { this.settings = settings; this.choose(settings.model); } }));
  }

  /** Asks what a model takes, and makes the form of that. */
  async choose(name) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    this.picked = name;
    this.form.setAttribute("aria-busy", "true"); // what is typed now is of a form that goes
    try {
      const model = await get(`/studio/api/draw/models/${name.split("/").map(encodeURIComponent).join("/")}`);
      if (turn !== this.turn) return;
      this.model = model;
    } catch (error) {
      if (turn !== this.turn) return;
      this.model = null;
      this.build(name);
      this.form.append(el("p", { class: "notice bad" }, error.message));
      return;
    } finally {
      if (turn === this.turn) this.form.removeAttribute("aria-busy");
    }
    this.build(name);
    this.changed();
  }

  build(name) {
    const model = this.model;
    const settings = this.settings;
    const picker = modelPicker(this.models, name, (value) => {
      Object.assign(this.settings, { model: value, steps: null, scheduler: null, guidance_scale: null, width: null, height: null, class: null, toward: null, beside: null });
      keep("draw", this.settings);
      this.choose(value);
    });
    if (!model) { replace(this.form, picker); return; }
    this.seed = seedBox({ seed: settings.seed, locked: settings.locked, onchange: () => this.changed() });
    this.count = el("input", { type: "number", min: 1, max: 64, value: settings.count ?? 1, oninput: () => this.changed() });
    this.steps = slider("Steps", { min: 1, max: Math.max(100, model.steps), most: 1000, value: settings.model === model.name && settings.steps || model.steps, name: "steps num_inference_steps", onchange: () => this.changed() });
    this.guidance = slider("Guidance", { min: 0, max: 20, step: 0.5, most: 1000, value: settings.model === model.name && settings.guidance_scale !== undefined && settings.guidance_scale !== null ? settings.guidance_scale : model.scale, name: "guidance_scale cfg_scale guidance", onchange: () => this.changed() });
    this.scheduler = select(this.schedulers, settings.model === model.name && settings.scheduler || model.scheduler, () => this.changed());
    this.guides = guideCards(() => this.changed());
    this.guides.set(settings.guides, model.guides);
    settings.model = model.name;
    this.told = el("p", { class: "estimate", "aria-live": "polite" }, " ");
    replace(this.form, el("section", { class: "card stack" }, picker, this.subject(), el("div", { class: "two seed" }, this.seed.node, field("Pictures", this.count, { name: "count n" })), this.way()),
      el("section", { class: "card stack" }, this.steps.node, model.is_guided ? this.guidance.node : null, field("Scheduler", this.scheduler, { name: "scheduler sampler" }), this.size(), this.beside()),
      this.loras.length || this.passed ? this.more("LoRAs", "loras", this.loraList()) : null,
      this.more("Begin with a picture", "picture", this.startZone()),
      model.guides.length ? this.more("Steer with losses", "guides", this.guides.node) : null,
      el("div", { class: "go" }, el("button", { type: "submit", class: "primary big" }, "Draw", el("kbd", {}, navigator.platform.startsWith("Mac") ? "⌘ ↵" : "Ctrl ↵")), this.told));
  }

  more(heading, key, content) {
    const isOpen = this.settings[key]?.length > 0;
    return el("details", { class: "card", open: isOpen }, el("summary", {}, heading), content);
  }

  subject() {
    const { model, settings } = this;
    if (model.takes === "prompt" || model.takes === "words") {
      this.prompt = el("textarea", { rows: 3, value: settings.prompt ?? "", oninput: () => this.changed(), placeholder: model.takes === "words" ? model.words.slice(0, 8).join(", ") : "What the picture shows" });
      this.tokens = el("p", { class: "hint tokens" }, " ");
      const prompt = field("Prompt", this.prompt, { name: "prompt prompts" });
      prompt.append(this.tokens);
      if (model.takes === "words") {
        return [prompt, el("div", { class: "chips words" }, model.words.slice(0, 40).map((word) => el("button", { type: "button", class: "chip", onclick: () => this.insert(word) }, word)))];
      }
      this.negative = el("textarea", { rows: 2, value: settings.negative ?? "", oninput: () => this.changed(), placeholder: "What it is guided away from" });
      this.negativeTokens = el("p", { class: "hint negative-tokens" }, " ");
      const negative = field("Negative prompt", this.negative, { name: "negative_prompt" });
      negative.append(this.negativeTokens);
      return [prompt, negative];
    }
    if (model.takes === "classes") {
      const names = Array.from({ length: model.classes }, (_, i) => [String(i), model.class_names[i] && model.class_names[i] !== String(i) ? `${i} · ${model.class_names[i]}` : String(i)]);
      this.label = select([...(model.is_guided ? [["", "any"]] : []), ...names], this.chosenClass(model, settings), () => this.changed());
      return field("Class", this.label, { name: "classes class" });
    }
    if (model.takes === "number") {
      this.label = el("input", { type: "number", min: 0, value: settings.class ?? 0, oninput: () => this.changed() });
      return field("Class, a number", this.label, { name: "classes class" });
    }
    return el("p", { class: "hint" }, "This model takes no words and no class: each seed is a picture.");
  }

  /** The class as the list has it: none at all is "any", where there is such a one. */
  chosenClass(model, settings) {
    if (settings.class === null && model.is_guided) return "";
    return settings.class === undefined || settings.class === null || settings.class >= model.classes ? "0" : String(settings.class);
  }

  /** Of a picture between two seeds that is drawn again; several are the whole way. */
  way() {
    if (!this.settings.toward) return null;
    const words = el("span", { class: "grow" });
    this.paintWay = () => { const { toward } = this.settings; if (toward) replace(words, Number(this.count.value) > 1 ? `The way to seed ${toward.seed}` : `${Math.round(100 * toward.from)} % of the way to seed ${toward.seed}`); };
    this.paintWay();
    const node = el("div", { class: "row notice on-way", data: { field: "toward" } }, words,
      iconButton("close", "Not on a way: the seed's own picture", () => { this.settings.toward = null; node.remove(); this.changed(); }));
    return node;
  }

  /** What a dropped picture says and no field does; it counts until it is closed. */
  beside() {
    const { scheduler_config: config, ...others } = this.settings.beside ?? {};
    const words = Object.entries({ ...others, ...config }).map(([key, value]) => `${key} ${value}`).join(", ");
    if (!words) return null;
    const node = el("div", { class: "row notice on-way", data: { field: "rng clip_skip eta scheduler_config" } }, el("span", { class: "grow" }, `As in the picture: ${words}`),
      iconButton("close", "As usual, not as in the picture", () => { this.settings.beside = null; node.remove(); this.changed(); }), el("p", { class: "fault", hidden: true }));
    return node;
  }

  /** What is asked for: what the form says, with as much of the way as there are pictures for. */
  asked() {
    const settings = this.read();
    const { toward, count } = settings;
    return { ...settings, toward: toward && count > 1 ? { seed: toward.seed, from: 0, to: 1 } : toward };
  }

  insert(word) {
    const text = this.prompt.value.trimEnd();
    this.prompt.value = text ? `${text} ${word}` : word;
    this.prompt.focus();
    this.changed();
  }

  size() {
    const { model, settings } = this;
    const own = model.width && model.height ? [model.width, model.height] : [64, 64];
    const change = () => { paint(); this.changed(); };
    const side = (value) => el("input", { type: "number", min: model.factor, step: model.factor, value, oninput: change });
    this.width = side(settings.width || own[0]);
    this.height = side(settings.height || own[1]);
    const fit = (value) => Math.max(model.factor, Math.round(value / model.factor) * model.factor);
    const grain = Math.max(model.factor, model.is_latent ? 64 : 4);
    const chips = SIZES.map(([word, w, h]) => {
      const area = own[0] * own[1];
      const width = Math.round(Math.sqrt((area * w) / h) / grain) * grain || fit(own[0]);
      const height = Math.round(Math.sqrt((area * h) / w) / grain) * grain || fit(own[1]);
      return el("button", { type: "button", class: "chip", data: { size: `${width}x${height}` }, onclick: () => { this.width.value = w === h ? own[0] : width; this.height.value = w === h ? own[1] : height; change(); } }, word);
    });
    const paint = () => chips.forEach((chip, i) => {
      const [, w, h] = SIZES[i];
      const isIt = w === h ? Number(this.width.value) === own[0] && Number(this.height.value) === own[1] : chip.dataset.size === `${this.width.value}x${this.height.value}`;
      chip.setAttribute("aria-pressed", String(isIt));
    });
    paint();
    return el("div", { class: "stack tight", data: { field: "size width height" } }, el("div", { class: "chips" }, chips), el("div", { class: "two" }, field("Width", this.width), field("Height", this.height)), el("p", { class: "fault", hidden: true }));
  }

  loraList() {
    this.chosen = (this.settings.loras ?? []).filter((each) => this.loras.some((lora) => lora.name === each.name));
    const list = el("div", { class: "stack tight" });
    const build = () => replace(list, this.chosen.map((each) => {
      const { trigger } = this.loras.find((lora) => lora.name === each.name);
      return el("fieldset", { class: "guide" }, el("legend", {}, each.name.split("/").pop()),
        iconButton("close", `Remove ${each.name}`, () => { this.chosen = this.chosen.filter((other) => other !== each); build(); this.changed(); }),
        slider("Strength", { min: -1, max: 2, step: 0.05, most: 10, value: each.scale, onchange: (value) => { each.scale = value; this.changed(); } }).node,
        trigger && this.prompt ? el("button", { type: "button", class: "chip", onclick: () => this.insert(trigger) }, `+ ${trigger}`) : null);
    }), field("Add", select([["", "Choose a LoRA…"], ...this.loras.filter((lora) => !this.chosen.some((each) => each.name === lora.name)).map((lora) => [lora.name, lora.trigger ? `${lora.name} · ${lora.trigger}` : lora.name])], "", (value) => {
      if (value) { this.chosen.push({ name: value, scale: 1 }); build(); this.changed(); }
    })));
    build();
    const left = this.passed ? el("p", { class: "hint" }, `${this.passed} more files of weights were not looked at: open a smaller folder to find LoRAs among them.`) : null;
    return el("div", { data: { field: "loras" } }, list, left, el("p", { class: "fault", hidden: true }));
  }

  startZone() {
    const { settings } = this;
    this.strength = slider("Strength", { min: 0.05, max: 1, step: 0.05, value: settings.strength ?? 0.8, name: "strength", hint: "How much of it is drawn anew", onchange: () => this.changed() });
    this.zone = el("div", { class: "start-zone" });
    const chooser = el("input", { type: "file", accept: "image/png,image/jpeg,image/webp", class: "sr", id: "start-file", onchange: () => this.beginWithFile(chooser.files[0]) });
    const build = () => replace(this.zone, chooser, settings.picture
      ? [el("div", { class: "start-pair" }, picture(settings.picture, { width: 96, height: 96, alt: "The picture to begin with", lazy: false, class: "cover" }),
        settings.mask ? picture(settings.mask, { width: 96, height: 96, alt: "The mask: white is drawn anew", lazy: false, class: "cover" }) : null),
      el("div", { class: "row" }, el("button", { type: "button", onclick: () => paintMask(settings.picture, settings.mask, (mask) => { settings.mask = mask; build(); this.changed(); }) }, "Paint a mask"),
        settings.mask ? el("button", { type: "button", class: "quiet", onclick: () => { settings.mask = null; build(); this.changed(); } }, "Without mask") : null,
        el("button", { type: "button", class: "quiet", onclick: () => { settings.picture = null; settings.mask = null; build(); this.changed(); } }, "Remove")),
      isKept(settings) ? null : el("p", { class: "hint" }, "It is too large for this browser to keep: when the page is loaded anew, choose it again.")]
      : el("label", { for: "start-file", class: "drop" }, "Drop a picture here, or choose one"));
    this.buildStart = build;
    build();
    return el("div", { class: "stack tight", data: { field: "picture image mask request.inputs" } }, this.zone, this.strength.node, el("p", { class: "fault", hidden: true }));
  }

  async beginWithFile(file) {
    if (!file) return;
    this.settings.picture = await readAsDataUrl(file);
    this.settings.mask = null;
    this.openStart();
  }

  async beginWith(url) {
    const answer = await fetch(url);
    await this.beginWithFile(await answer.blob());
  }

  openStart() {
    this.buildStart();
    this.zone.closest("details").open = true;
    this.zone.scrollIntoView({ block: "nearest" });
    this.changed();
  }

  /** What the form says. */
  read() {
    const number = (input) => (input.value === "" ? null : Number(input.value));
    const { model, settings } = this;
    Object.assign(settings, {
      model: model.name, seed: this.seed.value(), locked: this.seed.isLocked(), count: number(this.count) || 1, steps: this.steps.value(),
      guidance_scale: model.is_guided ? this.guidance.value() : null, scheduler: this.scheduler.value, guides: this.guides.value(),
      strength: this.strength.value(), loras: (this.chosen ?? []).map((each) => ({ name: each.name, scale: each.scale })),
    });
    const isOwn = number(this.width) === model.width && number(this.height) === model.height;
    settings.width = isOwn ? null : number(this.width);
    settings.height = isOwn ? null : number(this.height);
    if (model.takes === "prompt" || model.takes === "words") settings.prompt = this.prompt.value;
    if (model.takes === "prompt") settings.negative = this.negative.value;
    if (model.takes === "classes" || model.takes === "number") settings.class = this.label.value === "" ? null : Number(this.label.value);
    return settings;
  }

  changed() {
    if (!this.model) return;
    const settings = this.read();
    this.paintWay?.();
    keep("draw", isKept(settings) ? settings : { ...settings, picture: null, mask: null });
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.look(), 350);
  }

  /** What it will take, and how long the prompt is. */
  async look() {
    const settings = this.asked();
    const { model } = this;
    const turn = (this.looks = (this.looks ?? 0) + 1);
    if (this.prompt?.isConnected) this.measure(settings.prompt, this.tokens, turn);
    if (this.negative?.isConnected && settings.negative) this.measure(settings.negative, this.negativeTokens, turn);
    else if (this.negativeTokens) replace(this.negativeTokens, " ");
    try {
      const found = await jobs.estimate(jobs.request(settings, model));
      if (turn !== this.looks) return;
      const step = recall("speed", {})[model.name];
      this.estimated = found.seconds ?? (step ? step * settings.steps * settings.count : null);
      const known = found.seconds === undefined ? ", as it went before" : `, ${bytes(found.bytes)} of memory`;
      const seconds = this.estimated < 0.1 ? "0.1 s" : duration(this.estimated ?? 0);
      replace(this.told, this.estimated === null ? "no estimate before its first drawing" : `about ${seconds}${known}`);
      this.told.classList.remove("bad");
    } catch (error) {
      if (turn !== this.looks) return;
      replace(this.told, error.message);
      this.told.classList.add("bad");
    }
  }

  /** How long a text is for this model, below its field. */
  async measure(prompt, line, turn) {
    const { model } = this;
    const length = await post("/studio/api/draw/tokens", { model: model.name, prompt }).catch(() => null);
    if (!length || turn !== this.looks) return;
    replace(line, `${length.used} of ${length.most} ${model.takes === "words" ? "words" : "tokens"}`, length.unread.length ? ` · ${length.unread[0]}` : "");
    line.classList.toggle("over", length.used > length.most);
  }

  /** One after the other, so that two presses are two seeds. */
  submit() {
    this.sent = Promise.resolve(this.sent).catch(() => {}).then(() => this.send());
  }

  async send() {
    if (!this.model) return;
    clearFaults(this.form);
    const settings = this.asked();
    const previews = Math.max(1, Math.min(50, settings.steps ?? 50, Math.round(MOST_PREVIEWS_A_SECOND * Math.max(1, this.estimated ?? 5))));
    try {
      const body = jobs.request(settings, this.model, { previews });
      const job = await jobs.submit(body);
      this.seed.next();
      this.changed();
      this.stage.added(job, { width: settings.width ?? this.model.width, height: settings.height ?? this.model.height });
    } catch (error) {
      if (!markFault(this.form, error)) toast(error.message, { bad: true });
    }
  }

  /** Takes the settings of a picture: a file that was dropped, or a place. */
  async restore({ file, place }) {
    const query = new URLSearchParams(place ? { place } : {});
    if (this.picked) query.set("model", this.picked); // which may still be on its way
    const before = structuredClone(this.settings);
    try {
      const { settings, notices } = await post(`/studio/api/draw/note?${query}`, file ?? {});
      await this.take(settings);
      this.restored?.remove();
      const differences = notices.length ? el("ul", { class: "notices" }, notices.map((notice) => el("li", {}, notice))) : null;
      this.restored = toast(["Its settings are restored", differences], { undo: () => this.take(before, before.locked), seconds: notices.length ? 30 : 10 });
    } catch (error) {
      if (file && error.code === "no_note") { await this.beginWithFile(file); toast("This picture does not say how it was drawn: it is now the one to begin with"); }
      else toast(error.message, { bad: true });
    }
  }

  async take(settings, locked = true) {
    const known = this.models.some((each) => each.name === settings.model);
    const name = known ? settings.model : this.picked;
    this.settings = { ...this.settings, picture: null, mask: null, beside: null, ...settings, model: name, locked, count: settings.count ?? 1 };
    if (!this.settings.width) { this.settings.width = null; this.settings.height = null; }
    keep("draw", this.settings);
    await this.choose(name);
  }

  async code() {
    if (!this.model) return;
    const settings = this.asked();
    if (settings.picture) settings.picture = true;
    if (settings.mask) settings.mask = true;
    const { takes } = this.model; // the form remembers what another model took
    if (takes !== "prompt") delete settings.negative;
    if (takes !== "prompt" && takes !== "words") delete settings.prompt;
    if (takes !== "classes" && takes !== "number") delete settings.class;
    if (!settings.picture) delete settings.strength;
    try {
      const { command, java } = await post("/studio/api/draw/code", { settings });
      const part = (heading, text) => [el("div", { class: "room-head code-head" }, el("h3", {}, heading), el("span", { class: "spacer" }), el("button", { type: "button", onclick: () => copy(text) }, icon(ICONS.copy), "Copy")), el("pre", { tabindex: "0" }, commandText(text))];
      dialog("The same as code", el("div", { class: "stack tight" }, part("Command", command), part("Java", java)));
    } catch (error) {
      toast(error.message, { bad: true });
    }
  }
}
