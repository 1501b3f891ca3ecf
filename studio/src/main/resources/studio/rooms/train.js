// SPDX-License-Identifier: Apache-2.0
// Trainings: the runs of the open folders, one of them whole, and the form of a new one.
import { events } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { keep, recall } from "/js/store.js";
import { runList } from "/rooms/train/list.js";
import { runView } from "/rooms/train/view.js";
import { trainForm } from "/rooms/train/form.js";

export const title = "Train";
const API = "/studio/api/train";

export function show(root, studio) {
  const { params } = studio.route();
  const state = {
    runs: [],
    shown: params.get("run") ?? recall("train.run", null),
    overlay: new Set(recall("train.overlay", [])),
    isForm: params.has("new"),
  };
  const list = runList({ choose, overlay });
  const place = el("div", { class: "train-main" });
  const begin = el("button", { type: "button", class: "primary", onclick: () => form() }, "New training");
  const halves = el("div", { class: "split train", hidden: true }, el("section", { class: "train-side", "aria-label": "Trainings" }, list.node), place);
  const awaited = el("div", { class: "card empty" }, el("p", {}, "Looking for trainings…")); // in place of both halves, so that neither moves the other
  root.append(el("div", { class: "room-head" }, el("h1", {}, title), el("span", { class: "spacer" }), begin), awaited, halves);
  let view = null;
  let stop = () => {};

  function address(query) {
    history.replaceState(null, "", `#/train${query ? `?${new URLSearchParams(query)}` : ""}`);
  }

  function choose(run) {
    state.isForm = false;
    state.shown = run;
    keep("train.run", run);
    address({ run });
    render();
    listen(true);
  }

  function overlay(run, isOn) {
    if (isOn) state.overlay.add(run);
    else state.overlay.delete(run);
    keep("train.overlay", [...state.overlay]);
    listen(false);
    list.update(state);
  }

  function form(recipe) {
    state.isForm = true;
    address({ new: recipe ?? "" });
    render();
    listen(false);
  }

  function render() {
    list.update(state);
    view?.leave();
    view = null;
    if (state.isForm) {
      view = trainForm({ recipe: studio.route().params.get("new"), runs: () => state.runs, started, cancel: () => choose(state.shown ?? state.runs[0]?.place ?? null) });
      replace(place, view.node);
      return;
    }
    const run = current();
    if (!run) {
      replace(place, el("div", { class: "card empty" },
        el("p", {}, state.shown ? "The training is starting…" : "No training in the open folders yet."),
        !state.shown ? el("p", {}, el("button", { type: "button", class: "link", onclick: () => form("quickstart") }, "Train digits in about a minute")) : null));
      return;
    }
    view = runView({ studio, run });
    view.update(run, state);
    replace(place, view.node);
  }

  const current = () => state.runs.find((run) => run.place === state.shown) ?? (state.shown ? null : state.runs[0]) ?? null;

  function started(run) {
    choose(run);
  }

  function received({ runs }) {
    const isFirst = !state.isLoaded;
    state.isLoaded = true;
    awaited.remove();
    halves.hidden = false;
    state.runs = runs;
    if (state.shown && !runs.some((run) => run.place === state.shown) && isFirst) state.shown = null;
    list.update(state);
    if (state.isForm) return;
    const run = current();
    if (run && view?.place === run.place) {
      view.update(run, state);
      listen(false);
    } else {
      render();
      listen(Boolean(run));
    }
  }

  let followed = null;
  /** Follows all runs, and the losses of those that are drawn; a new view has them from the beginning. */
  function listen(isAnew) {
    const run = state.isForm ? null : current();
    const others = state.runs.filter((each) => state.overlay.has(each.place) && each.place !== run?.place).map((each) => each.curve);
    const curves = run ? [run.curve, ...others].filter(Boolean) : [];
    const query = String(new URLSearchParams(curves.map((each) => ["run", each])));
    if (query === followed && !isAnew) return;
    followed = query;
    stop();
    stop = events(`${API}/events${query ? `?${query}` : ""}`, { runs: received, curve: (points) => view?.curve?.(points) });
    view?.shows?.(curves);
  }

  render();
  listen(true);
  return () => { stop(); view?.leave(); };
}
