// SPDX-License-Identifier: Apache-2.0
// A network that is trained before your eyes: loss, samples, and figures on held-back pictures.
import { events, fileUrl, get, post, remove } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { duration } from "/js/widgets.js";
import { chart } from "/rooms/lessons/work.js";

const API = "/studio/api/lessons/runs";

const WORDS = { none: "not trained yet", begun: "begun, and stopped", starting: "starting …", training: "training", stopping: "stopping after this step …", done: "done", stopped: "stopped", failed: "failed" };

/** The control of one training; ended() is called when it is done. */
export function training({ run, studio, ended }) {
  let state = null;
  let leave = () => {};
  let follows = false;
  let isOver = false;
  const losses = chart("the loss over the steps", { x: "step", log: true, height: 200 });
  const measured = chart("KID on held-back pictures over the steps", { x: "step", zero: true, height: 200 });
  const begin = el("button", { type: "button", class: "primary", onclick: start, hidden: true }, "Train it");
  const stop = el("button", { type: "button", onclick: end, hidden: true }, "Stop");
  const said = el("span", { class: "muted", role: "status" });
  const bar = el("i");
  const sample = el("img", { class: "pixels sample", alt: "", hidden: true });
  const which = el("input", { type: "range", min: "0", max: "0", value: "0", "aria-label": "which samples", hidden: true, oninput: () => picture(Number(which.value)) });
  const caption = el("figcaption", {});
  const fault = el("p", { class: "notice bad", role: "alert", hidden: true });
  const node = el("div", { class: "stack tight training", data: { run } },
    el("div", { class: "row" }, begin, stop, said), el("div", { class: "bar" }, bar), fault,
    el("div", { class: "training-shown" }, losses.node, el("figure", { class: "shown" }, sample, which, caption)), measured.node);
  losses.node.hidden = true;
  measured.node.hidden = true;

  function picture(index) {
    const each = state.samples?.[index];
    if (!each) return;
    sample.hidden = false;
    sample.src = fileUrl(each.place);
    const when = each.unit === "epochs" ? `epoch ${each.step + 1}` : `${each.step} steps`;
    sample.alt = `what the network draws after ${when}`;
    replace(caption, `after ${when}`);
  }

  function paint(next) {
    const before = state?.samples?.length ?? 0;
    state = next;
    const atWork = ["starting", "training", "stopping"].includes(state.state);
    begin.hidden = atWork || state.state === "done";
    begin.textContent = `${["begun", "stopped"].includes(state.state) ? "Go on with" : "Train"} ${state.folder.split("/").pop()}`; // a step may have several
    stop.hidden = !atWork;
    stop.disabled = state.state === "stopping";
    const steps = state.total ? `, step ${state.step} of ${state.total}` : "";
    const left = atWork && state.seconds_left ? `, ${duration(state.seconds_left)} left` : "";
    said.textContent = `${state.folder}: ${WORDS[state.state] ?? state.state}${steps}${left}`;
    bar.style.setProperty("--share", String(state.total ? state.step / state.total : state.state === "done" ? 1 : 0));
    if (state.state === "failed") { fault.hidden = false; fault.textContent = state.message; }
    if (state.losses?.length > 1) {
      losses.node.hidden = false;
      const x = state.losses.map((point) => point[0]);
      losses.set([{ label: "loss of a step", x, y: state.losses.map((point) => point[1]), thin: true }, { label: "running mean", x, y: state.losses.map((point) => point[2]) }]);
    }
    const kid = (state.figures ?? []).filter((each) => each.val_kid !== undefined);
    if (kid.length) {
      measured.node.hidden = false;
      measured.set(curves(kid));
    }
    const count = state.samples?.length ?? 0;
    if (count && count !== before) {
      which.hidden = count < 2;
      which.max = String(count - 1);
      which.value = String(count - 1);
      picture(count - 1);
    }
  }

  function follow() {
    if (follows) return;
    follows = true;
    leave = events(`${API}/${run}/events`, {
      progress: paint,
      ended(data) {
        leave();
        follows = false;
        paint(data);
        if (data.state === "done") ended?.();
      },
      error() { /* it goes on by itself */ },
    });
  }

  async function start() {
    fault.hidden = true;
    try {
      paint(await post(`${API}/${run}`));
      if (isOver) return;
      if (state.state !== "done") follow();
      else ended?.();
    } catch (error) {
      fault.hidden = false;
      fault.textContent = error.message;
      if (error.status === 404) base();
    }
  }

  async function end() {
    try {
      paint(await remove(`${API}/${run}`));
    } catch (error) {
      studio.toast(error.message, { bad: true });
    }
  }

  /** What it goes on from comes first. */
  async function base() {
    const { runs } = await get(API);
    const needed = runs.find((each) => each.name === state?.base);
    if (!needed || needed.state === "done" || isOver || node.querySelector(".training")) return;
    if ([...document.querySelectorAll(".training")].some((each) => each.dataset.run === needed.name)) return; // this step has it already
    const first = training({ run: needed.name, studio, ended: () => { first.leave(); first.node.remove(); fault.hidden = true; } });
    fault.after(first.node);
  }

  (async () => {
    try {
      const { runs } = await get(API);
      if (isOver) return;
      paint(runs.find((each) => each.name === run));
      if (!begin.hidden && state.base) base();
      if (!stop.hidden) follow();
    } catch (error) {
      fault.hidden = false;
      fault.textContent = error.message;
    }
  })();
  return { node, leave() { isOver = true; leave(); losses.leave(); measured.leave(); } };
}

function figure(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function curves(figures) {
  const x = figures.map((each) => each.step);
  const of = (name) => figures.map((each) => each[name]);
  return [{ label: "KID on held-back pictures", x, y: of("val_kid") }];
}

/** KID over the epochs of the lesson's run. */
export function figures() {
  const picture = chart("KID on held-back pictures over the steps", { x: "step", zero: true });
  const said = el("p", { class: "muted" }, "KID over the epochs of the training above is shown here when there is one.");
  (async () => {
    const { runs } = await get(API);
    const kid = (runs.find((run) => run.name === "continuous")?.figures ?? []).filter((each) => each.val_kid !== undefined);
    picture.node.hidden = !kid.length;
    if (!kid.length) return;
    const best = kid.reduce((least, each) => (each.val_kid < least.val_kid ? each : least));
    replace(said, `KID is lowest after step ${best.step}: ${figure(best.val_kid)}${best.val_kid_stderr ? ` ± ${figure(best.val_kid_stderr)}` : ""}. The loss on the same pictures ends at ${figure(kid.at(-1).val_loss)}.`);
    await picture.set(curves(kid));
  })().catch((error) => replace(said, error.message));
  return { node: el("div", { class: "stack tight" }, said, picture.node), leave: picture.leave };
}
