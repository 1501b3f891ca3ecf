// SPDX-License-Identifier: Apache-2.0
// The whole of a data set is read in the background: what is broken, and what is there twice.
import { get, post } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { toast } from "/js/widgets.js";
import { pictureUrl } from "/rooms/data/card.js";

const API = "/studio/api/data";
const MOST = 50;

export function checks({ open }) {
  const button = el("button", { type: "button", onclick: begin }, "Check all pictures");
  const result = el("div", { class: "stack tight", "aria-live": "polite" });
  const node = el("section", { class: "card stack tight", "aria-label": "Check" }, el("div", { class: "row" }, button, el("span", { class: "hint" }, "broken files, duplicates, sizes, brightness")), result);
  let source = null;
  let waiting = 0;
  let isGone = false;

  async function begin() {
    try { show(await post(`${API}/check?${new URLSearchParams({ source })}`)); } catch (error) { toast(error.message, { bad: true }); }
  }

  async function ask() {
    const mine = source;
    try {
      const answer = await get(`${API}/check?${new URLSearchParams({ source })}`);
      if (!isGone && mine === source) show(answer);
    } catch (error) {
      if (isGone || mine !== source) return;
      if (error.status === 0) waiting = setTimeout(ask, 3000); // lost for a while
      else toast(error.message, { bad: true });
    }
  }

  const span = ([low, high]) => (low === high ? String(low) : `${low} to ${high}`);
  const numbers = (all) => all.map((each) => each.toFixed(3)).join(" ");

  function group({ is_exact: isExact, count, pictures }) {
    return el("div", { class: "twins" }, el("span", { class: ["tag", isExact ? "bad" : "warn"] }, isExact ? "the same" : "alike"),
      pictures.map((item) => el("button", { type: "button", class: "twin", title: item.name, "aria-label": `Look at ${item.name}`, onclick: () => open(item.index) },
        el("img", { src: pictureUrl(source, item, 96), alt: "", width: 64, height: 64, loading: "lazy", class: "pixels" }))),
      count > pictures.length ? el("span", { class: "hint" }, `and ${count - pictures.length} more`) : null);
  }

  function show(answer) {
    clearTimeout(waiting);
    button.disabled = answer.state === "running";
    if (answer.state === "running") {
      replace(result, el("p", { class: "notice" }, "Each picture is being read…"));
      waiting = setTimeout(ask, 700);
    } else if (answer.state === "failed") {
      replace(result, el("p", { class: "notice bad" }, answer.reason));
    } else if (answer.state === "done") {
      const { broken, duplicates } = answer;
      replace(result,
        el("p", {}, `${span(answer.width)} wide, ${span(answer.height)} high, ${answer.channels === 1 ? "grey" : "RGB"}; mean ${numbers(answer.mean)}, deviation ${numbers(answer.std)}`),
        broken.length ? el("details", { open: broken.length < 6 }, el("summary", {}, `${broken.length} cannot be read`), el("ul", {}, broken.slice(0, MOST).map((each) => el("li", { class: "mono" }, each)))) : el("p", { class: "notice good" }, "Every picture can be read."),
        duplicates.length ? el("details", { open: duplicates.length < 6 }, el("summary", {}, `${duplicates.length} ${duplicates.length === 1 ? "picture is" : "pictures are"} there more than once`), duplicates.slice(0, MOST).map(group)) : el("p", { class: "notice good" }, "No picture is there twice."));
    } else {
      replace(result);
    }
  }

  return {
    node,
    of(next) { source = next; clearTimeout(waiting); replace(result); button.disabled = false; ask(); },
    leave() { isGone = true; clearTimeout(waiting); },
  };
}
