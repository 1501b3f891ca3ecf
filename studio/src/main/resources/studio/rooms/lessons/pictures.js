// SPDX-License-Identifier: Apache-2.0
// Controls that show at once what a setting does: noise, schedules, one step, latents.
import { get, post } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { field, select, slider } from "/js/widgets.js";
import { COLOURS, chart, dropBox, newest, small } from "/rooms/lessons/work.js";

const API = "/studio/api/lessons";
const SCHEDULES = [["linear", "linear"], ["linear:0.001-0.004", "linear, too weak"], ["squaredcos_cap_v2", "squaredcos_cap_v2"]];

/** A picture with what it is below it. */
function shown(caption, size = 192) {
  const image = el("img", { class: "pixels", width: size, height: size, alt: "" });
  return {
    node: el("figure", { class: "shown", style: { width: `${size}px` } }, image, el("figcaption", {}, caption)),
    set(base64, alt) { image.src = `data:image/png;base64,${base64}`; image.alt = alt; },
  };
}

function faultLine() {
  const node = el("p", { class: "notice bad", role: "alert", hidden: true });
  return {
    node,
    async around(work) {
      try {
        node.hidden = true;
        await work();
      } catch (error) {
        node.hidden = false;
        node.textContent = error.message;
      }
    },
  };
}

/** Your own picture at any timestep. */
export function noise({ timesteps = "1000" }) {
  const last = Number(timesteps) - 1;
  let picture;
  const image = shown("x_t");
  const clean = shown("x₀");
  const said = el("p", { role: "status" });
  const fault = faultLine();
  const ask = newest(() => fault.around(async () => {
    const body = { timestep: time.value(), timesteps: last + 1, schedule: schedule.value, picture };
    const answer = await post(`${API}/noise`, body);
    image.set(answer.picture, `the picture with the noise of timestep ${body.timestep}`);
    replace(said, `ᾱ = ${small(answer.alpha_bar)}: ${(100 * Math.sqrt(answer.alpha_bar)).toFixed(0)} % picture, ${(100 * Math.sqrt(1 - answer.alpha_bar)).toFixed(0)} % noise`);
  }));
  const first = () => fault.around(async () => clean.set((await post(`${API}/noise`, { timestep: 0, schedule: "linear", picture })).picture, "the clean picture"));
  const time = slider("Timestep t", { min: 0, max: last, value: Math.round(last / 3), onchange: ask });
  const schedule = select(SCHEDULES, "squaredcos_cap_v2", ask);
  const node = el("div", { class: "live-split" },
    el("div", { class: "stack" }, time.node, field("Schedule of β", schedule), dropBox((data) => { picture = data; first(); ask(); }), said, fault.node),
    el("div", { class: "pictures" }, clean.node, image.node));
  first();
  ask();
  return { node };
}

/** The same in continuous time. */
export function angle() {
  let picture;
  const image = shown("x_τ");
  const said = el("p", { role: "status" });
  const fault = faultLine();
  const from = Math.acos(0.95);
  const to = Math.acos(0.02);
  const ask = newest(() => fault.around(async () => {
    const tau = time.value();
    const theta = from + tau * (to - from);
    image.set((await post(`${API}/noise`, { time: tau, picture })).picture, `the picture at time ${tau}`);
    replace(said, `θ = ${((180 * theta) / Math.PI).toFixed(0)}°: signal cos θ = ${Math.cos(theta).toFixed(2)}, noise sin θ = ${Math.sin(theta).toFixed(2)}`);
  }));
  const time = slider("Time τ", { min: 0, max: 1, step: 0.01, value: 0.3, onchange: ask });
  ask();
  return { node: el("div", { class: "live-split" }, el("div", { class: "stack" }, time.node, dropBox((data) => { picture = data; ask(); }), said, fault.node), image.node) };
}

/** √ᾱ and √(1−ᾱ) of the schedules that are ticked, and of one of your own. */
export function schedules({ timesteps = "1000" }) {
  const curves = chart("what is left of the picture, and how much noise there is, over the timesteps", { x: "timestep" });
  const fault = faultLine();
  const left = el("p", { role: "status", class: "chips" });
  const boxes = SCHEDULES.map(([key, name], i) => {
    const input = el("input", { type: "checkbox", checked: timesteps === "1000" || i === 0, onchange: () => ask() });
    return { key, input, node: el("label", { class: "tick" }, input, " ", name) };
  });
  const own = { on: el("input", { type: "checkbox", onchange: () => ask(), "aria-label": "a linear one of your own" }),
    start: el("input", { type: "number", value: "0.0001", step: "any", min: "0.00001", max: "0.999", "aria-label": "first β", oninput: () => ask() }),
    end: el("input", { type: "number", value: "0.01", step: "any", min: "0.00001", max: "0.999", "aria-label": "last β", oninput: () => ask() }) };
  const ask = newest(() => fault.around(async () => {
    const asked = boxes.filter((box) => box.input.checked).map((box) => box.key);
    if (own.on.checked) asked.push(`linear:${own.start.value}-${own.end.value}`);
    const query = new URLSearchParams([["timesteps", timesteps], ...asked.map((key) => ["schedule", key])]);
    const { series } = await get(`${API}/schedules?${query}`);
    await curves.set(series.flatMap((each, i) => {
      const colour = COLOURS[boxes.findIndex((box) => box.key === each.name)] ?? COLOURS[3];
      return [{ label: `√ᾱ ${each.name}`, x: each.timesteps, y: each.signal, colour },
        { label: `√(1−ᾱ) ${each.name}`, x: each.timesteps, y: each.noise, dashed: true, colour }];
    }));
    replace(left, series.map((each) => el("span", { class: "tag" }, `${each.name}: ᾱ ends at ${small(each.left)}`)));
  }));
  ask();
  return {
    node: el("div", { class: "stack" },
      el("div", { class: "row" }, boxes.map((box) => box.node), el("span", { class: "joined own-beta" }, el("label", { class: "tick" }, own.on, " linear from"), own.start, " to ", own.end)),
      curves.node, left, fault.node),
    leave: curves.leave,
  };
}

/** A digit, or a picture of yours, one step forward and back. */
export function oneStep() {
  const STEPS = 20;
  let picture;
  const images = [shown("x_t: with noise", 150), shown("x̂₀: what the network takes it for", 150), shown("x_{t−1}: one step on", 150)];
  const said = el("p", { role: "status" });
  const fault = faultLine();
  const ask = newest(() => fault.around(async () => {
    const answer = await post(`${API}/step`, { step: at.value(), steps: STEPS, class: Number(digit.value), picture });
    images[0].set(answer.noisy, "the digit with noise");
    images[1].set(answer.original, "what the network takes it for");
    images[2].set(answer.previous, "the sample one step on");
    replace(said, `timestep ${Math.round(answer.timestep)}, ᾱ = ${small(answer.alpha_bar)}`);
  }));
  const at = slider("Step (of 20)", { min: 0, max: STEPS - 1, value: 8, onchange: ask });
  const digit = select(Array.from({ length: 10 }, (_, i) => [String(i), String(i)]), "3", ask);
  ask();
  return {
    node: el("div", { class: "stack" },
      el("div", { class: "live-fields" }, at.node, field("Class", digit), dropBox((data) => { picture = data; ask(); })),
      el("div", { class: "pictures" }, images.map((each) => each.node)), said, fault.node),
  };
}

/** A picture through the autoencoder. */
export function latents() {
  let picture;
  const before = shown("picture", 150);
  const after = shown("decoded", 150);
  const grey = el("div", { class: "pictures" });
  const fault = faultLine();
  const ask = newest(() => fault.around(async () => {
    const answer = await post(`${API}/latents`, { picture });
    before.set(answer.picture, "the picture");
    after.set(answer.decoded, "what comes back");
    replace(grey, answer.latents.map((each, i) => el("figure", { class: "shown" },
      el("img", { class: "pixels", width: 72, height: 72, alt: `latent channel ${i + 1}`, src: `data:image/png;base64,${each}` }), el("figcaption", {}, `latent ${i + 1}`))));
  }));
  ask();
  return { node: el("div", { class: "stack" }, dropBox((data) => { picture = data; ask(); }), el("div", { class: "pictures" }, before.node, grey, after.node), fault.node) };
}
