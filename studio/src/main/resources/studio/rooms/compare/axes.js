// SPDX-License-Identifier: Apache-2.0
// What can stand on an axis of a grid: how a text becomes values, and what a value changes in the settings.
import { exact } from "/js/json.js";

const number = (text) => { const value = Number(text); if (text === "" || !Number.isFinite(value)) throw new Error(`“${text}” is no number`); return value; };
const whole = (text) => (/^\d+$/.test(text) ? exact(text) : number(text));

/** Title, how a text becomes a value, values to begin with. */
export const AXES = {
  scheduler: ["Scheduler", (text) => text, "ddim, euler, dpm-multistep"],
  steps: ["Steps", number, "5, 10, 20"],
  guidance_scale: ["Guidance", number, "1, 3, 7.5"],
  seed: ["Seed", whole, "0, 1, 2, 3"],
  class: ["Class", number, "0, 1, 2, 3"],
  prompt: ["Prompt", (text) => text, ""],
  negative: ["Negative prompt", (text) => text, ""],
  strength: ["Strength", number, "0.3, 0.6, 0.9"],
  lora: ["LoRA strength", number, "0, 0.5, 1"],
  guide: ["Loss strength", number, "0, 20, 40, 80"],
  size: ["Size", (text) => { if (!/^\d+x\d+$/.test(text)) throw new Error(`“${text}” is no size such as 64x64`); return text; }, ""],
  model: ["Model", (text) => text, ""],
};

/** Texts may hold commas. */
export const isText = (axis) => axis === "prompt" || axis === "negative";

/** Those that a model has, with these settings. */
export function axesOf(model, settings) {
  const takesText = model.takes === "prompt" || model.takes === "words";
  return Object.keys(AXES).filter((name) => ({
    guidance_scale: model.is_guided, class: model.takes === "classes" || model.takes === "number", prompt: takesText, negative: model.takes === "prompt",
    strength: Boolean(settings.picture), lora: settings.loras?.length > 0, guide: settings.guides?.length > 0,
  }[name] ?? true));
}

/** The values of an axis, as they are written. */
export function valuesOf(name, written) {
  const separator = isText(name) ? /\s*[|\n]\s*/ : /\s*,\s*/;
  const texts = written.split(separator).map((text) => text.trim()).filter((text, i, all) => text || all.length === 1);
  return texts.map((text) => AXES[name][1](text));
}

/** Sets what a value of an axis stands for. */
export function put(settings, name, value) {
  if (name === "size") [settings.width, settings.height] = value.split("x").map(Number);
  else if (name === "lora") settings.loras = settings.loras.map((each) => ({ ...each, scale: value }));
  else if (name === "guide") settings.guides = settings.guides.map((text) => text.replace(/:[-\d.]+(?=,|$)/, `:${value}`));
  else settings[name] = value;
}
