// SPDX-License-Identifier: Apache-2.0
// Puts the controls into a lesson's text. The picture that stands below a control's place is what readers without the studio see: it stays where the control
// cannot be used yet.
import { get } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { angle, latents, noise, oneStep, schedules } from "/rooms/lessons/pictures.js";
import { classes, clip, colour, guidance, lora, manySteps, repaint, sample, schedulers, words } from "/rooms/lessons/drawn.js";
import { figures, training } from "/rooms/lessons/training.js";

/** name: [the trainings that it needs, what makes it]. What is made is { node, leave() }. */
const CONTROLS = {
  noise: [[], noise],
  schedules: [[], schedules],
  angle: [[], angle],
  train: [[], training],
  step: [["quickstart"], oneStep],
  sample: [["quickstart"], sample],
  schedulers: [["shapes"], schedulers],
  colour: [["shapes"], colour],
  clip: [["shapes", "clip"], clip],
  classes: [["quickstart"], classes],
  guidance: [["quickstart"], guidance],
  words: [["words"], words],
  latents: [["words"], latents],
  repaint: [["words"], repaint],
  kid: [[], figures],
  steps: [["continuous"], manySteps],
  lora: [["attention", "lora"], lora],
};

/** "quickstart" → { run: "quickstart" }; "timesteps=150" → { timesteps: "150" }. */
function settings(text) {
  return Object.fromEntries(text.split(" ").filter(Boolean).map((word) => (word.includes("=") ? word.split("=") : ["run", word])));
}

/** What has to be trained first, with what trains it; long ones are the train room's. */
function missing(runs, names, studio, again) {
  const parts = [];
  const leaves = [];
  for (const name of names) {
    const run = runs.find((each) => each.name === name);
    const waits = runs.some((each) => each.name === run.base && each.state !== "done" && names.includes(each.name));
    if (run.state === "done" || waits) continue;
    const command = `./diffuse train ${run.recipe}${run.preset ? ` --preset ${run.preset}` : ""}`;
    if (run.short) {
      const control = training({ run: name, studio, ended: again });
      leaves.push(control.leave);
      parts.push(el("p", {}, "This draws with a network that is not there yet. Train it here:"), control.node);
    } else {
      parts.push(el("p", {}, "This needs ", el("code", {}, run.folder), ", which takes longer than a lesson: ", run.cost || "some minutes", ". Begin it in the ",
        el("a", { href: `#/train?new=${run.recipe}` }, "Train room"), " or by ", el("code", {}, command), "; until then, here is what it gave."));
    }
  }
  return { node: el("div", { class: "notice stack tight" }, parts), leave: () => leaves.forEach((leave) => leave()) };
}

/** Mounts all controls of a text; returns what leaves them. */
export function mount(text, studio) {
  const leaves = [];
  let isOver = false;
  for (const place of text.querySelectorAll(".live")) {
    const [needs, make] = CONTROLS[place.dataset.live] ?? [];
    if (!make) continue;
    const still = place.nextElementSibling?.querySelector(":scope > img:first-child")?.parentElement;
    let leave = () => {};
    leaves.push(() => leave());
    const put = async () => {
      let runs = [];
      try {
        if (needs.length) ({ runs } = await get("/studio/api/lessons/runs"));
      } catch (error) {
        replace(place, el("p", { class: "notice bad", role: "alert" }, error.message));
        return;
      }
      if (isOver) return;
      leave();
      const lacking = needs.filter((name) => runs.find((run) => run.name === name)?.state !== "done");
      const made = lacking.length
        ? missing(runs, needs, studio, put)
        : make({ ...settings(place.dataset.with), runs: Object.fromEntries(runs.map((run) => [run.name, run])), studio });
      leave = made.leave ?? (() => {});
      place.classList.add("card");
      replace(place, made.node);
      if (still) still.hidden = !lacking.length && place.dataset.live !== "train";
    };
    put();
  }
  return () => {
    isOver = true;
    leaves.forEach((each) => each());
  };
}
