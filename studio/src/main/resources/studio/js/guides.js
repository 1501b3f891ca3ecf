// SPDX-License-Identifier: Apache-2.0
// What pictures are steered by, as cards: "color=#ff0000:40" and its kin.
import { el, replace } from "/js/dom.js";
import { field, iconButton, select, slider } from "/js/widgets.js";

/** Name, title, value to begin with, scale to begin with, largest scale of its slider. */
const KINDS = {
  color: ["Colour", "#2f8f5b", 40, 200],
  brightness: ["Brightness", "0.7", 40, 200],
  contrast: ["Contrast", "0.3", 40, 200],
  saturation: ["Saturation", "0.4", 40, 200],
  sharpness: ["Sharpness", "0.1", 40, 200],
  symmetry: ["Symmetry", "left-right", 40, 200],
  clip: ["CLIP text", "a red rose", 8, 40],
};

export const guideTitle = (name) => KINDS[name]?.[0] ?? name;

function parse(text) {
  const equals = text.indexOf("=");
  const colon = text.lastIndexOf(":");
  const scale = text.slice(colon + 1).split(",");
  return { name: text.slice(0, equals), value: text.slice(equals + 1, colon), scale: Number(scale[0]), rest: scale.slice(1).join(",") };
}

const write = (guide) => `${guide.name}=${guide.value}:${guide.scale}${guide.rest ? `,${guide.rest}` : ""}`;

function control(guide, changed) {
  const set = (value) => { guide.value = value; changed(); };
  if (guide.name === "color") return field("Colour", el("input", { type: "color", value: guide.value, oninput: (event) => set(event.target.value) }));
  if (guide.name === "symmetry") return field("Mirrored", select([["left-right", "left and right"], ["top-bottom", "top and bottom"]], guide.value, set));
  if (guide.name === "clip") return field("What the picture shows", el("input", { type: "text", value: guide.value, oninput: (event) => set(event.target.value) }));
  return slider("Goal", { min: 0, max: 1, step: 0.01, value: Number(guide.value), onchange: (value) => set(String(value)) }).node;
}

/** The cards: { node, value(), set(texts, known) }. */
export function guideCards(onchange) {
  let guides = [];
  let known = [];
  const cards = el("div", { class: "stack tight" });
  const add = el("div", { class: "chips" });
  const node = el("div", { class: "stack tight", data: { field: "guides" } }, cards, add, el("p", { class: "fault", hidden: true }));
  function build() {
    replace(cards, guides.map((guide) => el("fieldset", { class: "guide", data: { guide: guide.name } },
      el("legend", {}, guideTitle(guide.name)),
      iconButton("close", `Remove ${guideTitle(guide.name)}`, () => { guides = guides.filter((each) => each !== guide); build(); onchange(); }),
      control(guide, onchange),
      slider("Strength", { min: 0, max: KINDS[guide.name]?.[3] ?? 200, most: 1e6, step: 1, value: guide.scale, onchange: (value) => { guide.scale = value; onchange(); } }).node)));
    replace(add, known.map((name) => el("button", { type: "button", class: "chip", onclick: () => {
      const [, value, scale] = KINDS[name];
      guides.push({ name, value, scale, rest: "" });
      build();
      onchange();
    } }, `+ ${guideTitle(name)}`)));
  }
  return {
    node,
    value: () => guides.map(write),
    set(texts, names) {
      guides = (texts ?? []).map(parse).filter((guide) => KINDS[guide.name]);
      known = names.filter((name) => KINDS[name]);
      build();
    },
  };
}
