// SPDX-License-Identifier: Apache-2.0
// The choice of a model: by name, or by what each has drawn.
import { fileUrl } from "/js/api.js";
import { el, icon } from "/js/dom.js";
import { ICONS, dialog, field, picture, select } from "/js/widgets.js";

const KINDS = { run: "trained here", folder: "folder", file: "one file", hub: "from the Hub" };

/** What it has drawn, or a sign for one that has left no picture. */
function drawnBy(model, side) {
  return model?.picture
    ? picture(fileUrl(model.picture, { thumb: 2 * side }), { width: side, height: side, alt: "", class: "cover" })
    : el("span", { class: "cover no-picture" }, icon(ICONS.gallery));
}

/** A checkpoint by its run and step, which a long path would hide. */
function called(name) {
  const [, folder = "", run, step] = /^(.*\/)?([^/]+)\/models\/(step-\d+)$/.exec(name) ?? [];
  return step ? `${run} ${step}${folder && ` · ${folder.slice(0, -1)}`}` : name;
}

/** A labelled list with a picture beside it, which opens all of them: modelPicker(models, name, (name) => …). */
export function modelPicker(models, name, chosen) {
  const look = el("button", { type: "button", class: "model-look", title: "Choose by picture", "aria-label": "Choose a model by its picture", onclick: () => choose(models, name, chosen) },
    drawnBy(models.find((each) => each.name === name), 54));
  return el("div", { class: "model-picker" }, look, field("Model", select(models.map((each) => [each.name, called(each.name)]), name, chosen), { name: "model" }));
}

function choose(models, name, chosen) {
  const box = dialog("Models", el("div", { class: "models" }, models.map((each) => el("button", {
    type: "button", class: "model-card", "aria-pressed": String(each.name === name), onclick: () => { box.close(); chosen(each.name); },
  }, drawnBy(each, 120), el("span", { class: "model-name" }, each.name.split("/").pop()),
  el("span", { class: "hint" }, [KINDS[each.kind], each.changed ? new Date(each.changed).toLocaleDateString() : null].filter(Boolean).join(" · ")),
  el("span", { class: "hint path" }, each.name)))));
  box.querySelector("[aria-pressed=true]")?.focus();
}
