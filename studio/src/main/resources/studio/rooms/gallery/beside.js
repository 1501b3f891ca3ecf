// SPDX-License-Identifier: Apache-2.0
// Two pictures side by side: what differs is marked, and the way between them can be drawn.
import { fileUrl } from "/js/api.js";
import { el } from "/js/dom.js";
import { dialog } from "/js/widgets.js";
import { wayBetween } from "/rooms/gallery/near.js";

/** What differs of itself, between pictures of one call. */
const OWN = ["Seed", "On the way", "File"];

/** facts(each) are pairs of name and text; words(each) says what it shows; open(place) shows another picture; closed() is called in the end. */
export function beside(pair, { facts, words, open, closed }) {
  const known = pair.map((each) => new Map(facts(each)));
  const names = [...new Set(known.flatMap((each) => [...each.keys()]))];
  const differing = names.filter((name) => known[0].get(name) !== known[1].get(name));
  const way = wayBetween(pair, differing.filter((name) => !OWN.includes(name)), open);
  const box = dialog("Side by side", el("div", { class: "beside" }, pair.map((each) => {
    const image = el("img", { src: fileUrl(each.place), alt: words(each), class: "large" });
    image.onload = () => image.classList.toggle("pixels", image.naturalWidth <= 128);
    return image;
  })), way.node, el("table", {}, el("tbody", {}, names.map((name) => el("tr", { class: differing.includes(name) ? "differs" : "" },
    el("th", { scope: "row" }, name), known.map((each) => el("td", {}, each.get(name) ?? "")))))));
  box.addEventListener("close", () => { way.end(); closed(); });
}
