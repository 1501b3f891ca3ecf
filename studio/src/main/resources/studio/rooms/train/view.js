// SPDX-License-Identifier: Apache-2.0
// One run: how far it is, its losses, what it draws, its checkpoints.
import { fileUrl, get, post } from "/js/api.js";
import { el, replace, uid } from "/js/dom.js";
import { dialog, duration, toast } from "/js/widgets.js";
import { lossChart } from "/rooms/train/chart.js";
import { share, stateTag } from "/rooms/train/list.js";
import { publish } from "/rooms/train/publish.js";

const API = "/studio/api/train";

const figure = (name) => {
  const value = el("dd", { class: "mono" }, "–");
  return { node: el("div", { class: "figure" }, el("dt", {}, name), value), set(text) { if (value.textContent !== text) value.textContent = text; } };
};

/** A button that waits for what it does. */
function action(label, work, props = {}) {
  const button = el("button", { type: "button", ...props, onclick: async () => {
    button.disabled = true;
    try { await work(); } catch (error) { toast(error.message, { bad: true }); }
    button.disabled = false;
  } }, label);
  return button;
}

/** What it draws, by step: a slider that stays at the last one while that is chosen. */
function grids() {
  const id = uid("grid");
  const image = el("img", { alt: "", class: "grid-image", decoding: "async" });
  const name = el("output", { for: id, class: "mono" });
  const range = el("input", { type: "range", id, min: 0, max: 0, step: 1, value: 0 });
  const node = el("div", { class: "card" }, el("div", { class: "chart-head" }, el("h2", {}, el("label", { for: id }, "What it draws")), el("span", { class: "spacer" }), name),
    el("button", { type: "button", class: "grid-box", "aria-label": "Look at it in full", onclick: full }, image), range);
  let all = [];
  let follows = true;
  function full() {
    dialog(image.alt, el("img", { src: image.src, alt: image.alt, class: "pixels grid-full" }));
  }
  function paint() {
    const grid = all[Number(range.value)];
    node.hidden = !grid;
    if (!grid) return;
    const src = fileUrl(grid.place, { v: grid.version });
    if (image.getAttribute("src") !== src) image.src = src;
    image.alt = `What the network draws after ${grid.name}`;
    name.textContent = grid.name;
    range.setAttribute("aria-valuetext", grid.name);
    range.style.setProperty("--share", all.length > 1 ? `${(100 * range.value) / (all.length - 1)}%` : "100%");
  }
  range.addEventListener("input", () => { follows = Number(range.value) === all.length - 1; paint(); });
  return {
    node,
    update(samples) {
      const before = all[Number(range.value)]?.place;
      all = samples;
      range.max = Math.max(0, all.length - 1);
      range.hidden = all.length < 2;
      const at = all.findIndex((grid) => grid.place === before);
      range.value = follows || at < 0 ? all.length - 1 : at;
      paint();
    },
  };
}

export function runView({ studio, run }) {
  const place = run.place;
  const tag = el("span", {});
  const buttons = el("div", { class: "row" });
  const notice = el("p", { class: "notice bad", role: "status", hidden: true });
  const bar = el("div", { class: "bar" }, el("i"));
  const recipe = el("span", { class: "hint" });
  const figures = { step: figure("Update"), loss: figure("Loss"), mean: figure("Mean of 100"), rate: figure("Pictures/s"), left: figure("Time left") };
  const chart = lossChart();
  const samples = grids();
  const stages = el("ol", { class: "stages" });
  const points = el("div", { class: "chips" });
  const checkpoints = el("div", { class: "card", hidden: true }, el("h2", {}, "Draw from a checkpoint"), points);
  const lines = el("pre", { class: "console", tabindex: "0", "aria-label": "What the training printed" });
  const log = el("details", { class: "card", ontoggle: () => log.open && read() }, el("summary", {}, "What it printed"), lines);
  let now = null;
  let marks = "";
  let names = new Map();

  async function read() {
    try {
      const { lines: all } = await get(`${API}/console?${new URLSearchParams({ run: place })}`);
      replace(lines, all.length ? all.join("\n") : "Nothing is kept of it: it was started in a terminal.");
    } catch (error) { replace(lines, error.message); }
  }

  async function draw(owner, step) {
    const { model, is_lora: isLora } = await post(`${API}/checkpoint`, { run: owner, step });
    open(model, isLora);
  }

  function open(model, isLora) {
    studio.go("draw", isLora ? { ...(now.base ? { model: now.base } : {}), lora: model } : { model });
  }

  function renew(kind) {
    replace(buttons,
      kind === "starting" ? action("Stop", () => post(`${API}/stop`, { run: place })) : null,
      kind === "running" ? action("Stop", () => post(`${API}/stop`, { run: place }).then(() => toast("It stops after this update, with a checkpoint"))) : null,
      ["stopped", "failed", "interrupted"].includes(kind) && now.is_run ? action("Resume", () => post(`${API}/resume`, { run: place }), { class: "primary" }) : null,
      !now.is_run && kind === "failed" ? action("Forget", () => post(`${API}/forget`, { run: place })) : null,
      now.learnt ? el("button", { type: "button", onclick: () => open(now.learnt, now.is_lora) }, "Draw with it") : null,
      now.learnt && kind === "finished" ? el("button", { type: "button", onclick: () => publish(now) }, "Publish…") : null);
  }

  function renewCheckpoints() {
    const owners = now.stages.length ? now.stages : [now];
    const all = owners.flatMap((owner) => (owner.checkpoints ?? []).map((step) => ({ owner, step })));
    checkpoints.hidden = !all.length;
    replace(points, all.map(({ owner, step }) => action(owner === now ? `step ${step}` : `${owner.name}, step ${step}`, () => draw(owner.place, step), { class: "chip" })));
    const hasStages = now.stages.length > 0;
    stages.hidden = !hasStages;
    replace(stages, now.stages.map((stage) => el("li", {}, el("span", {}, stage.name), " ", stateTag(stage.state), " ", el("span", { class: "hint mono" }, stage.total ? `${stage.step}/${stage.total}` : ""))));
  }

  function update(next, { runs }) {
    now = { stages: [], samples: [], checkpoints: [], ...next };
    names = new Map(runs.map((each) => [each.curve, each.name]));
    const mark = JSON.stringify([now.state, now.learnt, now.checkpoints, now.is_run, now.stages.map((stage) => [stage.state, stage.checkpoints, stage.step])]);
    if (mark !== marks) {
      marks = mark;
      replace(tag, stateTag(now.state));
      renew(now.state);
      renewCheckpoints();
      if (log.open || now.state === "failed") read();
    }
    if (now.recipe && now.recipe !== now.name) recipe.textContent = now.recipe;
    notice.hidden = !now.reason;
    if (now.reason) notice.textContent = now.reason;
    bar.firstChild.style.setProperty("--share", share(now));
    figures.step.set(now.total ? `${now.step} / ${now.total}` : now.step ? String(now.step) : "–");
    figures.loss.set(now.loss == null ? "–" : now.loss.toPrecision(4));
    figures.mean.set(now.mean == null ? "–" : now.mean.toPrecision(4));
    figures.rate.set(now.rate == null ? "–" : now.rate < 10 ? now.rate.toPrecision(2) : String(Math.round(now.rate)));
    figures.left.set(now.state === "running" && now.left ? duration(now.left) : "–");
    samples.update(now.samples);
  }

  const node = el("div", { class: "stack run" },
    el("div", { class: "card" },
      el("div", { class: "run-head" }, el("h2", { class: "run-title" }, run.name), tag, recipe, el("span", { class: "spacer" }), buttons),
      notice, bar, el("dl", { class: "figures" }, Object.values(figures).map((each) => each.node)), stages),
    el("div", { class: "run-pair" }, chart.node, samples.node),
    checkpoints, log);
  return {
    node,
    place,
    update,
    curve: chart.add,
    shows: (all) => chart.shows(all, (each) => names.get(each) ?? each),
    leave: chart.leave,
  };
}
