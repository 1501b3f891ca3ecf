// SPDX-License-Identifier: Apache-2.0
// A mask painted over a picture: white is drawn anew.
import { el } from "/js/dom.js";
import { dialog, slider, toggle } from "/js/widgets.js";

const PAINT = "rgb(255 255 255)";

/** Opens the painter; done(dataUrl) has the mask as PNG in the picture's size, or null where nothing is painted. */
export function paintMask(picture, before, done) {
  const image = new Image();
  image.onload = () => open(image, before, done);
  image.src = picture;
}

function open(image, before, done) {
  const width = image.naturalWidth;
  const height = image.naturalHeight;
  const canvas = el("canvas", { width, height, class: "mask-canvas", style: { "--ratio": width / height }, tabindex: "0", "aria-label": "The picture; drag to paint what is drawn anew" });
  const mask = new OffscreenCanvas(width, height);
  const ink = mask.getContext("2d");
  const paint = canvas.getContext("2d");
  let size = Math.max(2, Math.round(Math.min(width, height) / 6));
  let erases = false;
  let isEmpty = true;
  function show() {
    paint.globalAlpha = 1;
    paint.drawImage(image, 0, 0);
    paint.globalAlpha = 0.65;
    paint.drawImage(mask, 0, 0);
  }
  if (before) {
    const old = new Image();
    old.onload = () => { ink.globalCompositeOperation = "lighter"; ink.drawImage(old, 0, 0); clearBlack(ink, width, height); isEmpty = false; show(); };
    old.src = before;
  }
  let last = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * width / box.width, (event.clientY - box.top) * height / box.height];
  };
  function stroke(event) {
    const [x, y] = at(event);
    ink.globalCompositeOperation = erases ? "destination-out" : "source-over";
    ink.strokeStyle = PAINT;
    ink.fillStyle = PAINT;
    ink.lineWidth = size;
    ink.lineCap = "round";
    ink.beginPath();
    if (last) { ink.moveTo(...last); ink.lineTo(x, y); ink.stroke(); } else { ink.arc(x, y, size / 2, 0, 2 * Math.PI); ink.fill(); }
    last = [x, y];
    isEmpty = false;
    show();
  }
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); last = null; stroke(event); });
  canvas.addEventListener("pointermove", (event) => { if (event.buttons) stroke(event); });
  canvas.addEventListener("pointerup", () => { last = null; });
  const brush = slider("Brush", { min: 1, max: Math.max(4, Math.round(Math.min(width, height) / 2)), value: size, onchange: (value) => { size = Math.max(1, value); } });
  const fillAll = (all) => { ink.globalCompositeOperation = "source-over"; ink.clearRect(0, 0, width, height); isEmpty = !all; if (all) { ink.fillStyle = PAINT; ink.fillRect(0, 0, width, height); } show(); };
  const invert = () => { ink.globalCompositeOperation = "xor"; ink.fillStyle = PAINT; ink.fillRect(0, 0, width, height); isEmpty = false; show(); };
  const box = dialog("Paint what is drawn anew",
    el("div", { class: "painter" }, canvas, el("div", { class: "stack" }, brush.node,
      toggle("Erase", false, (value) => { erases = value; }).node,
      el("div", { class: "row" }, el("button", { type: "button", onclick: () => fillAll(false) }, "Clear"), el("button", { type: "button", onclick: () => fillAll(true) }, "All"), el("button", { type: "button", onclick: invert }, "Invert")),
      el("button", { type: "button", class: "primary", onclick: async () => { done(isEmpty ? null : await result(mask, width, height)); box.close(); } }, "Use this mask"))));
  show();
}

/** What is black in an old mask is not painted. */
function clearBlack(ink, width, height) {
  const data = ink.getImageData(0, 0, width, height);
  for (let i = 0; i < data.data.length; i += 4) data.data[i + 3] = data.data[i];
  ink.putImageData(data, 0, 0);
}

async function result(mask, width, height) {
  const flat = new OffscreenCanvas(width, height);
  const ink = flat.getContext("2d");
  ink.fillStyle = "black";
  ink.fillRect(0, 0, width, height);
  ink.drawImage(mask, 0, 0);
  return readAsDataUrl(await flat.convertToBlob({ type: "image/png" }));
}

/** A file's bytes as text for a request. */
export function readAsDataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
