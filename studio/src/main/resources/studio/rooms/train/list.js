// SPDX-License-Identifier: Apache-2.0
// The runs, those first in which something happened last.
import { el, replace, uid } from "/js/dom.js";
import { duration } from "/js/widgets.js";

const TAGS = { running: "good", starting: "good", stopped: "", finished: "", failed: "bad", interrupted: "warn" };

export const stateTag = (state) => el("span", { class: ["tag", TAGS[state]] }, state);

export function share(run) {
  return run.state === "finished" ? 1 : run.total ? run.step / run.total : 0;
}

function line(run) {
  if (run.state === "running") return [run.total ? `${run.step} of ${run.total}` : "preparing", run.left ? `${duration(run.left)} left` : null].filter(Boolean).join(" · ");
  if (run.state === "starting") return "the process is starting";
  return [run.recipe, run.step ? `step ${run.step}` : null].filter(Boolean).join(" · ");
}

export function runList({ choose, overlay }) {
  const node = el("ul", { class: "run-list" });
  const rows = new Map();

  function row(run) {
    const id = uid("run");
    const name = el("a", { class: "run-name", id, title: run.name }, run.name);
    const tag = el("span", {});
    const about = el("span", { class: "hint" });
    const bar = el("div", { class: "bar", "aria-hidden": "true" }, el("i"));
    const box = el("input", { type: "checkbox", "aria-label": `Draw the losses of ${run.name} too`, title: "Draw its losses too", onchange: () => overlay(run.place, box.checked) });
    name.href = `#/train?${new URLSearchParams({ run: run.place })}`;
    name.addEventListener("click", (event) => { event.preventDefault(); choose(run.place); });
    return { node: el("li", { class: "run-row" }, el("div", { class: "run-top" }, name, tag, box), about, bar), name, tag, about, bar, box };
  }

  function update({ runs, shown, overlay: chosen, isForm }) {
    const order = [];
    for (const run of runs) {
      const known = rows.get(run.place) ?? row(run);
      rows.set(run.place, known);
      if (known.state !== run.state) { replace(known.tag, stateTag(run.state)); known.state = run.state; }
      known.about.textContent = line(run);
      known.bar.firstChild.style.setProperty("--share", share(run));
      known.box.checked = chosen.has(run.place);
      known.box.hidden = !run.is_run;
      if (!isForm && run.place === (shown ?? runs[0]?.place)) known.name.setAttribute("aria-current", "true");
      else known.name.removeAttribute("aria-current");
      order.push(known.node);
    }
    for (const place of [...rows.keys()]) if (!runs.some((run) => run.place === place)) rows.delete(place);
    if (order.length !== node.children.length || order.some((each, i) => node.children[i] !== each)) {
      const focused = document.activeElement;
      replace(node, order);
      if (node.contains(focused)) focused.focus();
    }
  }
  return { node, update };
}
