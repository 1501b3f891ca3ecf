// SPDX-License-Identifier: Apache-2.0
// The tables of quality and seconds that comparisons left, each with its plots.
import { el, replace } from "/js/dom.js";
import { chartLibrary, colour, logarithmic } from "/js/widgets.js";

/** { node, show(tables), leave() }: shown again, the plots have the colours that the page has then. */
export function measuredTables() {
  const node = el("div", { class: "stack" });
  let plots = [];
  let isGone = false;

  function table({ place, rows }) {
    const metrics = [...new Set(rows.flatMap((row) => row.figures.map((figure) => figure.metric)))];
    const value = (row, metric) => row.figures.find((figure) => figure.metric === metric)?.value;
    const card = el("section", { class: "card stack tight" }, el("h3", {}, place),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": place }, el("table", {}, el("thead", {}, el("tr", {}, ["Model", "Scheduler", "Steps", "Guidance", "s a picture", ...metrics].map((text, i) => el("th", { scope: "col", class: i > 1 ? "number" : "" }, text)))),
        el("tbody", {}, rows.map((row) => el("tr", {}, el("td", {}, row.model), el("td", {}, row.scheduler), [row.steps, row.guidance_scale, (row.seconds / row.pictures).toFixed(4), ...metrics.map((metric) => value(row, metric)?.toPrecision(4) ?? "")].map((text) => el("td", { class: "number" }, text))))))));
    for (const metric of metrics) {
      const figure = rows.flatMap((row) => row.figures).find((each) => each.metric === metric);
      const terms = [`judged by ${figure.extractor}`, `${figure.n} pictures`, figure.n_reference ? `against ${figure.n_reference} of ${figure.reference}` : "", `shown at ${figure.size} pixels`].filter(Boolean).join(", ");
      const canvas = el("canvas", { role: "img", "aria-label": `${metric} over the seconds of a picture` });
      card.append(el("div", { class: "plot" }, canvas), el("p", { class: "hint" }, `${metric}: ${terms}. It may stand beside figures of the same judge, counts and data only.`));
      plot(canvas, rows, metric);
    }
    return card;
  }

  async function plot(canvas, rows, metric) {
    const Chart = await chartLibrary();
    if (isGone || !canvas.isConnected) return;
    const series = new Map();
    for (const row of rows) {
      const name = `${row.model}, ${row.scheduler}${row.guidance_scale === 1 ? "" : `, guidance ${row.guidance_scale}`}`;
      const value = row.figures.find((figure) => figure.metric === metric)?.value;
      if (value !== undefined) series.set(name, [...(series.get(name) ?? []), { x: row.seconds / row.pictures, y: value, steps: row.steps }]);
    }
    const colours = ["--accent", "--good", "--warn", "--bad", "--muted"].map(colour);
    plots.push(new Chart(canvas, {
      type: "scatter",
      data: { datasets: [...series].map(([label, data], i) => ({ label, data: data.sort((a, b) => a.x - b.x), showLine: true, borderColor: colours[i % colours.length], backgroundColor: colours[i % colours.length] })) },
      options: {
        color: colour("--text"), maintainAspectRatio: false,
        scales: { x: { ...logarithmic(colour("--muted")), title: { display: true, text: "seconds a picture", color: colour("--muted") }, grid: { color: colour("--line") } }, y: { title: { display: true, text: metric, color: colour("--muted") }, ticks: { color: colour("--muted") }, grid: { color: colour("--line") } } },
        plugins: { legend: { labels: { color: colour("--text"), boxWidth: 12, boxHeight: 2 } }, tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${item.raw.steps} steps, ${item.parsed.y.toPrecision(4)}` } } },
      },
    }));
  }

  function clear() {
    plots.forEach((each) => each.destroy());
    plots = [];
  }

  return {
    node,
    show(all) {
      if (all.length === 0) return;
      clear();
      replace(node, el("h2", {}, "Measured"), all.map(table));
    },
    leave() { isGone = true; clear(); },
  };
}
