// SPDX-License-Identifier: Apache-2.0
// The losses of a drawing, step by step, as small curves.
import { el, replace, svg } from "/js/dom.js";

const WIDTH = 240;
const HEIGHT = 56;

/** { node, set({ name: [loss, …] }) }. */
export function losses() {
  const node = el("div", { class: "curves", hidden: true });
  return {
    node,
    set(all) {
      node.hidden = false;
      replace(node, Object.entries(all).map(([name, values]) => {
        const most = Math.max(...values);
        const least = Math.min(...values);
        const span = most - least || 1;
        const points = values.map((value, i) => `${((i / Math.max(1, values.length - 1)) * WIDTH).toFixed(1)},${(4 + (HEIGHT - 8) * (1 - (value - least) / span)).toFixed(1)}`);
        return el("figure", { class: "curve" }, el("figcaption", {}, el("span", {}, name), el("span", { class: "mono" }, values.at(-1).toPrecision(4))),
          svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name}: from ${values[0].toPrecision(4)} to ${values.at(-1).toPrecision(4)}` }, svg("polyline", { points: points.join(" ") })));
      }));
    },
  };
}
