// SPDX-License-Identifier: Apache-2.0
// What the lessons' controls share: jobs with their pictures, files that are dropped, charts, and the newest of many calls.
import { events, post, remove } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { chartLibrary, colour, logarithmic } from "/js/widgets.js";

/** A row of places for pictures, each of which is there before its picture. */
export function row(label, count, { size = 84, className = "" } = {}) {
  const cells = Array.from({ length: count }, (_, i) => el("img", { class: "pixels", width: size, height: size, alt: "", "aria-hidden": "true", data: { index: i } }));
  const said = el("span", { class: "muted" });
  const node = el("figure", { class: ["picture-row", className] }, el("figcaption", {}, label, " ", said), el("div", { class: "pictures" }, cells));
  return {
    node,
    say(words) { said.textContent = words; },
    put(index, src, alt) {
      const cell = cells[index];
      if (!cell) return;
      cell.src = src;
      if (alt) { cell.alt = alt; cell.removeAttribute("aria-hidden"); }
    },
  };
}

const END = ["done", "failed", "cancelled", "expired"];

/** What a drawing that was cancelled here ends with. */
class Cancelled extends Error {}

/** Draws by a job of the server: await job(body, row).done; it shows what comes. */
export function job(body, shown, name = "picture") {
  let id = null;
  let leave = () => {};
  let giveUp = () => {};
  let isCancelled = false;
  const done = (async () => {
    const made = await post("/api/v1/jobs", { previews: 6, ...body });
    id = made.id;
    if (isCancelled) { remove(`/api/v1/jobs/${id}`).catch(() => {}); throw new Cancelled(); }
    return new Promise((resolve, reject) => {
      giveUp = () => { shown.say("cancelled"); reject(new Cancelled()); };
      const end = (how) => (data) => {
        leave();
        giveUp = () => {};
        if (how === "failed") reject(new Error(data.error?.message ?? "it could not be drawn"));
        else { shown.say(how === "done" ? "" : how); resolve(how); }
      };
      leave = events(`/api/v1/jobs/${id}/events`, {
        progress(data) { shown.say(data.share < 1 ? `${Math.round(100 * data.share)} %` : ""); },
        preview(data) { shown.put(data.index, `data:image/png;base64,${data.b64_json}`); },
        picture(data) { shown.put(data.index, data.url, `${name} ${data.index + 1}`); },
        ...Object.fromEntries(END.map((how) => [how, end(how)])),
      });
    });
  })();
  return {
    done,
    cancel() {
      isCancelled = true;
      leave();
      giveUp();
      if (id) remove(`/api/v1/jobs/${id}`).catch(() => {});
    },
  };
}

/** A button that draws and, while it does, cancels: work(signal) makes jobs by signal.job(…). */
export function drawing(label, place, work) {
  let jobs = [];
  const fault = el("p", { class: "notice bad", role: "alert", hidden: true });
  const draw = el("button", { type: "button", class: "primary", onclick: begin }, label);
  const cancel = el("button", { type: "button", hidden: true, onclick: end }, "Cancel");
  function end() { jobs.forEach((each) => each.cancel()); }
  async function begin() {
    if (draw.disabled) return;
    draw.disabled = true;
    cancel.hidden = false;
    fault.hidden = true;
    jobs = [];
    try {
      await work({ job(...given) { const made = job(...given); jobs.push(made); return made.done; } });
    } catch (error) {
      fault.hidden = error instanceof Cancelled;
      fault.textContent = error.message;
    }
    draw.disabled = false;
    cancel.hidden = true;
  }
  return { node: el("div", { class: "stack tight" }, el("div", { class: "row" }, draw, cancel), fault), begin, leave: end };
}

/** Calls for the newest of what was asked for; what came in between is left out. */
export function newest(work) {
  let isBusy = false;
  let waiting = null;
  return async function ask(...given) {
    if (isBusy) { waiting = given; return; }
    isBusy = true;
    try {
      await work(...given);
    } finally {
      isBusy = false;
      if (waiting) { const next = waiting; waiting = null; ask(...next); }
    }
  };
}

/** A place to drop a picture on, or to choose one: calls back with it as a data address. */
export function dropBox(chosen) {
  const input = el("input", { type: "file", accept: "image/*", class: "sr", onchange: () => read(input.files[0]) });
  const box = el("label", { class: "drop" }, input, el("span", {}, "Drop a picture of yours, or choose one"));
  function read(file) {
    if (!file) return;
    const reader = new FileReader();
    reader.onload = () => chosen(reader.result);
    reader.readAsDataURL(file);
  }
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    read(event.dataTransfer.files[0]);
  });
  return box;
}

/** Of lines, in their order, by their names in the style sheet. */
export const COLOURS = ["--chart-1", "--chart-2", "--chart-3", "--chart-4"];

/** Lines over numbers; returns { node, set(series), leave() }, a series being { label, x, y, dashed, axis }. */
export function chart(label, { x = "", log = false, zero = false, height = 240 } = {}) {
  const canvas = el("canvas", { role: "img", "aria-label": label });
  const node = el("div", { class: "lesson-chart", style: { height: `${height}px` } }, canvas);
  let made = null;
  let isOver = false;
  let next = null;
  function options() {
    const ink = colour("--muted");
    const grid = colour("--line");
    const axis = (text, isLog) => ({
      title: { display: Boolean(text), text, color: ink }, grid: { color: grid },
      ...(isLog ? logarithmic(ink) : { type: "linear", ticks: { color: ink, maxTicksLimit: 7 } }),
    });
    return {
      animation: false, responsive: true, maintainAspectRatio: false, parsing: false,
      interaction: { mode: "nearest", axis: "x", intersect: false },
      elements: { point: { radius: 0, hitRadius: 8 }, line: { borderWidth: 2 } },
      scales: { x: axis(x, false), y: { ...axis("", log), beginAtZero: zero } },
      plugins: { legend: { labels: { color: ink, boxWidth: 18, boxHeight: 2 } } },
    };
  }
  async function set(series) {
    next = series;
    const Chart = await chartLibrary();
    if (isOver || next !== series) return;
    const datasets = series.map((each, i) => ({
      label: each.label,
      data: each.x.map((at, k) => ({ x: at, y: each.y[k] })).filter((point) => Number.isFinite(point.y) && (!log || point.y > 0)),
      borderColor: colour(each.colour ?? COLOURS[i % COLOURS.length]),
      backgroundColor: colour(each.colour ?? COLOURS[i % COLOURS.length]),
      borderDash: each.dashed ? [5, 4] : [],
      borderWidth: each.thin ? 1 : 2,
      pointRadius: each.x.length < 15 ? 3 : 0,
    }));
    if (made) { made.data.datasets = datasets; made.update(); }
    else made = new Chart(canvas, { type: "line", data: { datasets }, options: options() });
  }
  const look = () => { if (made) { made.options = options(); set(next); } };
  addEventListener("studio:look", look);
  return { node, set, leave() { isOver = true; made?.destroy(); removeEventListener("studio:look", look); } };
}

/** Words for a share that may be very small. */
export function small(number) {
  return number >= 0.001 || number === 0 ? number.toFixed(3) : number.toExponential(1);
}

export { el, replace };
