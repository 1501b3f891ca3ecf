// SPDX-License-Identifier: Apache-2.0
// Elements. What comes from people or files becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.setAttribute("class", Array.isArray(value) ? value.filter(Boolean).join(" ") : value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "style") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "indeterminate") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  put(node, children);
  return node;
}

function put(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** An element: el("button", { class: "quiet", onclick: draw }, "Draw"). */
export function el(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** One of SVG. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** These children in place of those that are there. */
export function replace(node, ...children) {
  node.textContent = "";
  put(node, children);
  return node;
}

/** An icon: the path of a 24×24 drawing in strokes. */
export function icon(d) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, svg("path", { d }));
}

/** A command's text whose options are not broken at their hyphens. */
export function commandText(text) {
  return text.split(/(?<!\S)(--[\w-]+)/).map((part, i) => (i % 2 ? el("span", { class: "nowrap" }, part) : part));
}

let last = 0;
/** A name for an element that others refer to. */
export function uid(word = "u") {
  last += 1;
  return `${word}-${last}`;
}
