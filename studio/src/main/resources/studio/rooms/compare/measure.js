// SPDX-License-Identifier: Apache-2.0
// Quality against seconds: a comparison that is measured by a process of its own, as diffuse compare does it.
import { get, post } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { clearFaults, field, markFault, select, toast } from "/js/widgets.js";

const RHYTHM = 1500;

/** What is judged by, and what stands for the data beside it. */
function judging(judges, model) {
  const choices = [["", "seconds alone"]];
  for (const judge of judges) {
    const name = judge.split("/").slice(-2).join("/");
    if (model.takes === "classes") choices.push([`classes ${judge}`, `how often ${name} sees the class`]);
    choices.push([`data ${judge}`, `KID against its data, by ${name}`]);
  }
  return choices;
}

/** A form and what is at work: { node, leave() }; model is what the picked one takes, prompt the one of the room Draw, finished() is called when a table is there. */
export function measure({ judges, model, prompt, finished }) {
  const takesText = model.takes === "prompt" || model.takes === "words";
  const input = (value) => el("input", { type: "text", value, autocomplete: "off" });
  const [schedulers, steps, scales, count] = [input("ddim, dpm-multistep"), input("5, 10, 20"), input(""), el("input", { type: "number", min: 1, value: 8 })];
  scales.placeholder = "the model's own";
  const judge = select(judging(judges, model), "");
  const work = el("div", { class: "stack tight", "aria-live": "polite" });
  let seen = [];
  let timer = null;
  let isGone = false;

  async function begin(event) {
    event.preventDefault();
    clearFaults(form);
    const [kind, ...place] = judge.value.split(" ");
    try {
      await post("/studio/api/compare/measure", {
        model: model.name, schedulers: schedulers.value, steps: steps.value, scales: scales.value, count: count.value,
        judge: place.join(" "), against_data: kind === "data",
        ...(takesText ? { prompt: prompt ?? "" } : {}),
        ...(model.takes === "classes" ? { classes: "all" } : {}),
      });
      look();
    } catch (error) {
      if (!markFault(form, error)) toast(error.message, { bad: true });
    }
  }

  async function end(place) {
    seen = seen.filter((each) => each !== place);
    try { await post("/studio/api/compare/end", { place }); } catch (error) { toast(error.message, { bad: true }); }
    look();
  }

  async function look() {
    clearTimeout(timer);
    let measuring;
    try { ({ measuring } = await get("/studio/api/compare/measuring")); } catch { if (!isGone) timer = setTimeout(look, 2 * RHYTHM); return; }
    if (isGone) return;
    if (seen.some((place) => !measuring.some((each) => each.place === place))) finished();
    seen = measuring.map((each) => each.place);
    replace(work, measuring.map((each) => el("div", { class: ["row", "notice", !each.is_alive && "bad"] },
      el("span", { class: "grow" }, `${each.place}: ${each.is_alive ? `at work${each.line ? ` · ${each.line}` : ""}` : each.line}`),
      el("button", { type: "button", class: "quiet", onclick: () => end(each.place) }, each.is_alive ? "Cancel" : "Forget"))));
    if (measuring.some((each) => each.is_alive)) timer = setTimeout(look, RHYTHM);
  }

  const form = el("form", { class: "measured-by", "aria-label": "What is measured", onsubmit: begin },
    field("Schedulers", schedulers), field("Numbers of steps", steps), model.is_guided ? field("Guidance scales", scales) : null,
    field(model.takes === "classes" ? "Pictures of each class" : "Pictures of each", count), field("Judged by", judge, { name: "against_data judge" }),
    el("div", { class: "row" }, el("button", { type: "submit", class: "primary" }, "Measure"), el("span", { class: "hint" }, judges.length === 0
      ? "For quality beside seconds, train a classifier of the same pictures: the recipe digit-classifier is one."
      : "It goes on when this page is left; its table is kept in the folder “compared”.")));
  look();
  return { node: el("details", { class: "card" }, el("summary", {}, "Measure quality against seconds"), form, work), leave() { isGone = true; clearTimeout(timer); } };
}
