// SPDX-License-Identifier: Apache-2.0
// A picture of a data set, with its caption to be edited in place.
import { el, replace } from "/js/dom.js";
import { keepHere, recallHere } from "/js/store.js";
import { toast } from "/js/widgets.js";

const SIDE = 160;

export const pictureUrl = (source, item, side) => `/studio/api/data/picture?${new URLSearchParams({ source, index: item.index, side, of: item.name })}`;

/** Captions that are typed and not yet saved, by data set and picture: they outlive a refresh. */
const DRAFTS = "data.captions";
const draftOf = (source, item) => recallHere(DRAFTS, {})[`${source} ${item.name}`];

function setDraft(source, item, text) {
  const { [`${source} ${item.name}`]: _, ...others } = recallHere(DRAFTS, {});
  keepHere(DRAFTS, text === null ? others : { ...others, [`${source} ${item.name}`]: text });
}

/** A caption that is saved when it is left, or by Ctrl/⌘-Enter; Esc undoes. */
export function captionBox(item, { source, save }, props = {}) {
  const draft = draftOf(source, item);
  const mark = (isDraft) => {
    box.classList.toggle("draft", isDraft);
    box.title = isDraft ? "Not saved yet: Ctrl/⌘ Enter saves it, Esc undoes" : "";
  };
  const box = el("textarea", {
    rows: 2,
    "aria-label": `Caption of ${item.name}`,
    placeholder: "no caption",
    value: draft ?? item.caption ?? "",
    oninput: () => setDraft(source, item, box.value),
    onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); box.blur(); }
      if (event.key === "Escape") { event.stopPropagation(); event.preventDefault(); box.value = item.caption ?? ""; box.blur(); }
    },
    onblur: async () => {
      const now = box.value.trim();
      try {
        if (now !== (item.caption ?? "").trim()) await save(item, now);
        if (box.value.trim() === now) setDraft(source, item, null);
        mark(false);
      } catch (error) {
        mark(true);
        toast(error.message, { bad: true });
      }
    },
    ...props,
  });
  mark(draft !== undefined);
  return box;
}

/** A picture that says where it is broken. */
export function image(src, alt, side) {
  const place = el("span", { class: "data-image", style: { "--side": `${side}px` } });
  const node = el("img", { alt, loading: "lazy", decoding: "async", draggable: "false", class: "pixels" });
  node.addEventListener("error", async () => {
    replace(place, el("span", { class: "broken" }, "cannot be read"));
    try {
      const response = await fetch(src);
      const answer = await response.json();
      place.title = answer.error?.message ?? "";
    } catch { /* the words stay */ }
  }, { once: true });
  node.src = src;
  place.append(node);
  return place;
}

export function card(item, { set, source, save, open }) {
  const kind = set.classes[item.label]?.[0];
  const alt = item.caption ?? kind ?? item.name;
  const button = el("button", { type: "button", class: "data-open", "aria-label": `Look at ${item.name}`, onclick: open }, image(pictureUrl(source, item, SIDE), alt, SIDE));
  const file = item.name.split("/").pop();
  return el("li", { class: "data-card" }, button,
    el("span", { class: "data-name mono", title: item.name }, file), kind !== undefined ? el("span", { class: "tag" }, kind) : null,
    set.is_editable ? captionBox(item, { source, save }) : item.caption ? el("p", { class: "hint data-caption" }, item.caption) : null);
}
