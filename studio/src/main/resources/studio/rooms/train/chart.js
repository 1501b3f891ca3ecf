// SPDX-License-Identifier: Apache-2.0
// Losses over the updates: each one faintly, the mean of the last hundred above it.
import { el } from "/js/dom.js";
import { keep, recall } from "/js/store.js";
import { chartLibrary, colour, logarithmic, toggle } from "/js/widgets.js";

const MOST = 6000;

export function lossChart() {
  const looks = recall("train.chart", { raw: true, smooth: true, log: true });
  const canvas = el("canvas", { role: "img", "aria-label": "Loss over the updates" });
  const curves = new Map();
  let order = [];
  let names = () => "";
  let chart = null;
  let isGone = false;
  let due = 0;
  const set = (key) => (value) => { looks[key] = value; keep("train.chart", looks); draw(); };
  const node = el("div", { class: "card" },
    el("div", { class: "chart-head" }, el("h2", {}, "Loss"), el("span", { class: "spacer" }),
      toggle("each", looks.raw, set("raw")).node, toggle("mean of 100", looks.smooth, set("smooth")).node, toggle("logarithmic", looks.log, set("log")).node),
    el("div", { class: "chart-box" }, canvas));

  function add({ run, anew, points, held_back: heldBack }) {
    let curve = curves.get(run);
    if (!curve || anew) {
      curve = { raw: [], mean: [], held: [] };
      curves.set(run, curve);
    }
    for (const [x, loss, mean] of points) {
      curve.raw.push({ x, y: loss });
      curve.mean.push({ x, y: mean });
    }
    for (const [x, y] of heldBack) curve.held.push({ x, y });
    if (curve.raw.length > MOST) {
      curve.raw = curve.raw.filter((_, i) => i % 2 === 0);
      curve.mean = curve.mean.filter((_, i) => i % 2 === 0);
    }
    draw();
  }

  function sets() {
    return order.flatMap((run, i) => {
      const curve = curves.get(run);
      if (!curve) return [];
      const strong = colour(`--chart-${(i % 6) + 1}`);
      const line = (data, label, extra) => ({ data, label, borderColor: strong, backgroundColor: strong, pointRadius: 0, borderWidth: 2, ...extra });
      const dot = curve.mean.length === 1 ? 3 : 0;
      return [
        looks.raw ? line(curve.raw, names(run), { borderWidth: 1, borderColor: looks.smooth ? `${strong}59` : strong, isRaw: true, order: 1 }) : null,
        looks.smooth ? line(curve.mean, names(run), { pointRadius: dot, order: 0 }) : null,
        curve.held.length ? line(curve.held, `${names(run)}, held back`, { borderDash: [5, 4], pointRadius: 3, order: 0 }) : null,
      ].filter(Boolean);
    });
  }

  function draw() {
    if (due) return;
    due = setTimeout(async () => {
      due = 0;
      const Chart = await chartLibrary();
      if (isGone) return;
      if (!chart) chart = new Chart(canvas, { type: "line", data: { datasets: [] }, options: options() });
      chart.data.datasets = sets();
      Object.assign(chart.options, options());
      chart.update("none");
    }, 60);
  }

  function options() {
    const ink = colour("--muted");
    const grid = { color: colour("--line") };
    return {
      parsing: false,
      normalized: true,
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "nearest", axis: "x", intersect: false },
      scales: {
        x: { type: "linear", grid, ticks: { color: ink, maxTicksLimit: 8 }, title: { display: true, text: "updates", color: ink } },
        y: { grid, ...(looks.log ? logarithmic(ink) : { type: "linear", ticks: { color: ink, maxTicksLimit: 7 } }) },
      },
      plugins: {
        legend: { display: order.length > 1, labels: { color: ink, boxWidth: 12, boxHeight: 2, filter: (item, data) => !looks.smooth || !data.datasets[item.datasetIndex].isRaw } },
        tooltip: { callbacks: { title: (items) => `update ${items[0]?.parsed.x}`, label: (item) => `${item.dataset.label}${item.dataset.isRaw ? "" : ", mean"}: ${item.parsed.y.toPrecision(4)}` } },
      },
    };
  }

  const look = () => draw();
  addEventListener("studio:look", look);
  return {
    node,
    add,
    shows(runs, name) { order = runs; names = name; for (const run of [...curves.keys()]) if (!runs.includes(run)) curves.delete(run); draw(); },
    leave() { isGone = true; clearTimeout(due); chart?.destroy(); removeEventListener("studio:look", look); },
  };
}
