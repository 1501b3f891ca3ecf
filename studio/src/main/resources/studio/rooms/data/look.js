// SPDX-License-Identifier: Apache-2.0
// One picture: as it is, and as a network is given it.
import { el, replace } from "/js/dom.js";
import { recall, keep } from "/js/store.js";
import { dialog, field, select, toggle } from "/js/widgets.js";
import { captionBox, image, pictureUrl } from "/rooms/data/card.js";

export function look(item, { source, set, save }) {
  const how = { size: "", resize: "exact", channels: "0", mirrored: false, inverted: false, ...recall("data.transform", {}) };
  const after = el("div", { class: "look-side" });
  const size = el("input", { type: "text", inputmode: "numeric", value: how.size, placeholder: String(set.natural_size), oninput: () => change({ size: size.value.replace(/\D/g, "") }) });
  const change = (next) => { Object.assign(how, next); keep("data.transform", how); clearTimeout(due); due = setTimeout(paint, 200); };
  let due = 0;

  function paint() {
    const query = new URLSearchParams({ source, index: item.index, of: item.name, size: how.size || 0, resize: how.resize, channels: how.channels, mirrored: how.mirrored, inverted: how.inverted });
    replace(after, el("h3", {}, "As a network is given it"), image(`/studio/api/data/prepared?${query}`, `${item.name}, prepared`, 300));
  }

  dialog(item.name, el("div", { class: "look" },
    el("div", { class: "look-side" }, el("h3", {}, "As it is"), image(pictureUrl(source, item, 600), item.caption ?? item.name, 300)), after,
    el("div", { class: "stack tight" },
      el("div", { class: "columns" },
        field("image_size", size), field("resize", select(["exact", "crop", "random_crop"], how.resize, (resize) => change({ resize }))),
        field("channels", select([["0", "auto"], ["3", "rgb"], ["1", "gray"]], how.channels, (channels) => change({ channels })))),
      toggle("mirrored", how.mirrored, (mirrored) => change({ mirrored })).node, toggle("invert", how.inverted, (inverted) => change({ inverted })).node,
      set.is_editable ? field("Caption", captionBox(item, { source, save }, { rows: 3, "aria-label": undefined })) : item.caption ? el("p", {}, item.caption) : null)));
  paint();
}
