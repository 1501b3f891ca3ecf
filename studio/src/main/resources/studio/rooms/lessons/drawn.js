// SPDX-License-Identifier: Apache-2.0
// Controls that draw by jobs of the server: rows of pictures from the same noise, so that one sees what a setting does.
import { el } from "/js/dom.js";
import { field, select, slider } from "/js/widgets.js";
import { drawing, dropBox, row } from "/rooms/lessons/work.js";

const TEN = Array.from({ length: 10 }, (_, i) => i);
const MOST_ROWS = 6;

/** A request in the JSON of a picture's note. */
function request({ classes, prompts, count, steps = 20, scale, seed = 1, inputs }) {
  const subject = {};
  if (classes) subject.classes = classes;
  if (prompts) subject.prompts = prompts;
  const made = { subject, canvas: { seed, count: classes?.length ?? prompts?.length ?? count ?? 1 }, sampling: { steps } };
  if (scale !== undefined) made.guidance = { scale };
  if (inputs) made.inputs = inputs;
  return made;
}

/** Rows, the newest first; the oldest go. */
function rows() {
  const node = el("div", { class: "rows" });
  return {
    node,
    add(made) {
      node.prepend(made.node);
      while (node.children.length > MOST_ROWS) node.lastChild.remove();
      return made;
    },
  };
}

function control(fields, label, work) {
  const shown = rows();
  const made = drawing(label, shown, (signal) => work(signal, shown));
  return { node: el("div", { class: "stack" }, el("div", { class: "live-fields" }, fields), made.node, shown.node), leave: made.leave };
}

/** Out of noise, with what the picture was on its way. */
export function sample({ runs }) {
  const digit = select(TEN.map((i) => [String(i), String(i)]), "3");
  const steps = slider("Steps", { min: 2, max: 50, value: 12 });
  const seed = slider("Seed", { min: 0, max: 100, value: 7, most: 1e9 });
  return control([field("Class", digit), steps.node, seed.node], "Draw", (signal, shown) => {
    const count = Math.min(10, steps.value());
    const made = shown.add(row(`${digit.value} in ${steps.value()} steps`, count + 1));
    let at = 0;
    return signal.job({ model: runs.quickstart.model, scheduler: "dpm-multistep", previews: count, request: request({ classes: [Number(digit.value)], steps: steps.value(), scale: 1.5, seed: seed.value() }) }, {
      say: made.say,
      put(index, src, alt) {
        if (alt) made.put(count, src, "the finished digit");
        else made.put(Math.min(count - 1, at++), src, `on the way, ${at}`);
      },
    });
  });
}

/** Three schedulers from the same noise. */
export function schedulers({ runs }) {
  const steps = slider("Steps", { min: 2, max: 100, value: 10 });
  const seed = slider("Seed", { min: 0, max: 100, value: 1, most: 1e9 });
  return control([steps.node, seed.node], "Draw with all three", async (signal, shown) => {
    for (const name of ["ddpm", "ddim", "dpm-multistep"]) {
      const made = shown.add(row(`${name}, ${steps.value()} steps`, 6));
      await signal.job({ model: runs.shapes.model, scheduler: name, request: request({ count: 6, steps: steps.value(), seed: seed.value() }) }, made);
    }
  });
}

/** The same seeds without and with a push to a colour. */
export function colour({ runs }) {
  const value = el("input", { type: "color", value: "#55ffaa" });
  const scale = slider("Scale", { min: 0, max: 3000, step: 50, value: 1000, most: 100000 });
  const gradient = select([["exact", "exact (network too)"], ["cheap", "cheap (x̂₀ alone)"]], "exact");
  return control([field("Colour", value), scale.node, field("Gradient", gradient)], "Draw", async (signal, shown) => {
    const plain = { model: runs.shapes.model, scheduler: "ddim", request: request({ count: 6, steps: 40 }) };
    const before = shown.add(row("unguided", 6));
    await signal.job(plain, before);
    const pushed = shown.add(row(`${value.value.toUpperCase()}, scale ${scale.value()}, ${gradient.value}`, 6));
    await signal.job({ ...plain, guides: [`color=${value.value}:${scale.value()},gradient=${gradient.value}`] }, pushed);
  });
}

/** The same with a text, as the small CLIP sees it. */
export function clip({ runs }) {
  const text = el("input", { type: "text", value: "a large red circle", maxlength: 200 });
  const scale = slider("Scale", { min: 0, max: 3000, step: 50, value: 1000, most: 100000 });
  const cuts = slider("Cuts", { min: 1, max: 16, value: 4 });
  return control([field("Text", text), scale.node, cuts.node], "Draw", async (signal, shown) => {
    const plain = { model: runs.shapes.model, scheduler: "ddim", request: request({ count: 4, steps: 40 }) };
    await signal.job(plain, shown.add(row("unguided", 4)));
    await signal.job({ ...plain, guides: [`clip=${text.value}:${scale.value()},cuts=${cuts.value()},gradient=exact`] }, shown.add(row(`“${text.value}”, scale ${scale.value()}`, 4)));
  });
}

/** Some of each class. */
export function classes({ runs }) {
  const digit = select([["all", "all ten"], ...TEN.map((i) => [String(i), String(i)])], "all");
  const seed = slider("Seed", { min: 0, max: 100, value: 1, most: 1e9 });
  return control([field("Class", digit), seed.node], "Draw", (signal, shown) => {
    const asked = digit.value === "all" ? TEN : TEN.map(() => Number(digit.value));
    const made = shown.add(row(digit.value === "all" ? "a digit of each class" : `ten of class ${digit.value}`, 10, { size: 60 }));
    return signal.job({ model: runs.quickstart.model, scheduler: "dpm-multistep", request: request({ classes: asked, seed: seed.value() }) }, made, "digit");
  });
}

/** Ten classes at a guidance scale. */
export function guidance({ runs }) {
  const scale = slider("w", { min: 0, max: 10, step: 0.5, value: 1, most: 100 });
  const seed = slider("Seed", { min: 0, max: 100, value: 3, most: 1e9 });
  return control([scale.node, seed.node], "Draw a row", (signal, shown) => {
    const made = shown.add(row(`w = ${scale.value()}`, 10, { size: 60 }));
    return signal.job({ model: runs.quickstart.model, scheduler: "ddim", request: request({ classes: TEN, scale: scale.value(), seed: seed.value() }) }, made, "digit");
  });
}

/** Text to image. */
export function words({ runs }) {
  const prompt = el("input", { type: "text", value: "a blue ring to the left of an orange star on a black background", maxlength: 300 });
  const scale = slider("guidance_scale", { min: 1, max: 15, step: 0.5, value: 3 });
  return control([field("Prompt", prompt, { wide: true }), scale.node], "Draw", (signal, shown) => {
    const made = shown.add(row(`“${prompt.value}”, scale ${scale.value()}`, 4, { size: 128 }));
    return signal.job({ model: runs.words.model, scheduler: "dpm-multistep", request: request({ prompts: TEN.slice(0, 4).map(() => prompt.value), scale: scale.value() }) }, made);
  });
}

/** A picture under another prompt. */
export function repaint({ runs }) {
  let picture = null;
  const prompt = el("input", { type: "text", value: "a large green star on a white background", maxlength: 300 });
  const strength = slider("Strength", { min: 0.1, max: 1, step: 0.05, value: 0.7 });
  return control([field("Prompt", prompt, { wide: true }), strength.node, dropBox((data) => { picture = data; })], "Draw", async (signal, shown) => {
    if (!picture) {
      const made = row("to begin with: “a large red circle on a white background”", 1, { size: 128 });
      let address = null;
      await signal.job({ model: runs.words.model, scheduler: "dpm-multistep", request: request({ prompts: ["a large red circle on a white background"], scale: 3 }) },
        { say: made.say, put(index, src, alt) { made.put(index, src, alt); if (alt) address = src; } });
      shown.add(made);
      if (address) picture = await base64(address);
    }
    const made = shown.add(row(`strength ${strength.value()}`, 1, { size: 128 }));
    await signal.job({ model: runs.words.model, scheduler: "ddim", request: request({ prompts: [prompt.value], scale: 3, inputs: { picture, strength: strength.value() } }) }, made);
  });
}

async function base64(address) {
  const blob = await (await fetch(address)).blob();
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(blob);
  });
}

/** The same noises in more and more steps. */
export function manySteps({ runs }) {
  const seed = slider("Seed", { min: 0, max: 100, value: 5, most: 1e9 });
  return control([seed.node], "Draw in 1, 2, 5, 10, 20 steps", async (signal, shown) => {
    for (const steps of [1, 2, 5, 10, 20]) {
      const made = shown.add(row(steps === 1 ? "1 step" : `${steps} steps`, 8, { size: 60 }));
      await signal.job({ model: runs.continuous.model, request: request({ count: 8, steps, seed: seed.value() }) }, made);
    }
  });
}

/** The base with the adapter at a scale. */
export function lora({ runs }) {
  const scale = slider("Scale of the LoRA", { min: 0, max: 1.5, step: 0.05, value: 0.5, most: 5 });
  return control([scale.node], "Draw a row", (signal, shown) => {
    const made = shown.add(row(`scale ${scale.value()}`, 10, { size: 60 }));
    const loras = scale.value() === 0 ? [] : [{ name: runs.lora.model, scale: scale.value() }];
    return signal.job({ model: runs.attention.model, scheduler: "ddim", loras, request: request({ classes: TEN }) }, made, "digit");
  });
}
