// SPDX-License-Identifier: Apache-2.0
// The page of a demo: a value and a scale become a job of the server; its events are followed until the picture is there.

const byId = (id) => document.getElementById(id);
const form = byId("form");
const drawButton = byId("draw");
const cancelButton = byId("cancel");
const result = byId("result");
const progress = byId("progress");
const about = byId("about");
const fault = byId("fault");

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error?.message ?? `the server answered ${answer.status}`);
  return json;
}

const config = await call("GET", "demo.json");
const controls = {};
let job = null;
let isDrawing = false;
let source = null;

function field(name, control, beside) {
  control.id = `field-${name}`;
  const holder = beside ? el("div", { className: "pair" }, control, beside) : control;
  byId("controls").append(el("div", { className: "field" }, el("label", { htmlFor: control.id }, name), holder));
  controls[name] = control;
  return control;
}

function slider(name, min, max, step, value) {
  const shown = el("output", {}, String(value));
  const control = field(name, el("input", { type: "range", min, max, step, value: String(value) }), shown);
  shown.htmlFor = control.id;
  control.show = () => { shown.textContent = control.value; };
  control.addEventListener("input", control.show);
  return control;
}

function valueControl() {
  const { guide, control, start } = config;
  if (control === "color") {
    const shown = el("output", {}, start.value);
    const input = field(guide, el("input", { type: "color", value: start.value.toLowerCase() }), shown);
    input.show = () => { shown.textContent = input.value.toUpperCase(); };
    input.addEventListener("input", input.show);
    return input;
  }
  if (control === "number") return slider(guide, 0, 1, 0.01, start.value);
  if (control === "text") return field(guide, el("input", { type: "text", value: start.value, maxLength: 300, required: true }));
  return field(guide, el("select", {}, ...control.split("|").map((word) => el("option", { value: word }, word))));
}

const value = valueControl();
const scale = slider("guidance_scale", 0, 30, 0.5, config.start.guidance_scale);
if (config.takes === "prompt") field("prompt", el("input", { type: "text", value: "", maxLength: 300 }));
if (config.takes === "class") {
  field("class", el("select", {}, ...Array.from({ length: config.classes }, (_, i) => el("option", { value: i }, String(i)))));
}

function request() {
  const text = config.control === "color" ? value.value.toUpperCase() : value.value;
  const subject = {};
  if (controls.prompt) subject.prompts = [controls.prompt.value];
  if (controls.class) subject.classes = [Number(controls.class.value)];
  const seed = Math.floor(Math.random() * 2 ** 31);
  const guides = Number(scale.value) > 0 ? [`${config.guide}=${text}:${scale.value},strength=source,gradient=${config.gradient}`] : [];
  return {
    model: "demo",
    scheduler: "ddim",
    previews: 10,
    guides,
    request: { subject, canvas: { seed }, sampling: { steps: config.steps } },
    words: `${config.guide} ${text}, guidance_scale ${scale.value}, seed ${seed}`,
  };
}

function show(src) {
  result.src = src;
  result.hidden = false;
}

function busy(isBusy) {
  drawButton.disabled = isBusy;
  cancelButton.hidden = !isBusy;
  progress.hidden = !isBusy;
  progress.value = 0;
}

function end(words) {
  source?.close();
  source = null;
  job = null;
  isDrawing = false;
  busy(false);
  about.textContent = words;
}

function fail(message) {
  end("");
  fault.textContent = message;
  fault.hidden = false;
}

function follow(words) {
  const mine = job.id;
  source = new EventSource(`api/v1/jobs/${mine}/events`);
  const on = (name, handle) => source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  on("progress", (data) => { progress.value = data.share; });
  on("preview", (data) => show(`data:image/png;base64,${data.b64_json}`));
  on("picture", (data) => show(data.url.replace(/^\//, "")));
  on("done", () => end(words));
  on("failed", (data) => fail(data.error?.message ?? "it could not be drawn"));
  on("cancelled", () => end("cancelled"));
  on("expired", () => fail("it took too long"));
  source.addEventListener("error", () => {
    if (job?.id === mine && source.readyState === EventSource.CLOSED) fail("the server does not know this drawing any more: draw again");
  });
}

async function draw() {
  if (isDrawing) return;
  isDrawing = true;
  fault.hidden = true;
  const { words, ...body } = request();
  busy(true);
  about.textContent = "drawing …";
  try {
    job = await call("POST", "api/v1/jobs", body);
    follow(words);
  } catch (error) {
    fail(error.message);
  }
}

form.addEventListener("submit", (event) => { event.preventDefault(); draw(); });
cancelButton.addEventListener("click", () => { if (job) call("DELETE", `api/v1/jobs/${job.id}`).catch((error) => fail(error.message)); });
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && job) cancelButton.click();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) draw();
});

byId("title").textContent = config.title;
document.title = `${config.title} · diffusion4j`;
byId("lead").textContent = `A network draws; at each of ${config.steps} steps the picture is pushed to what you choose.`;
byId("example-heads").append(el("th", { scope: "col" }, config.guide), el("th", { scope: "col" }, "guidance_scale"), el("th", { scope: "col" }, el("span", {}, "try it")));
for (const example of config.examples) {
  const button = el("button", { type: "button" }, "Draw");
  button.setAttribute("aria-label", `Draw ${example.value}, ${example.guidance_scale}`);
  button.addEventListener("click", () => {
    value.value = config.control === "color" ? example.value.toLowerCase() : example.value;
    scale.value = example.guidance_scale;
    value.show?.();
    scale.show();
    draw();
  });
  const cell = el("td");
  if (config.control === "color") {
    const swatch = el("span", { className: "swatch" });
    swatch.style.background = example.value;
    cell.append(swatch);
  }
  cell.append(example.value);
  byId("examples").append(el("tr", {}, cell, el("td", {}, String(example.guidance_scale)), el("td", {}, button)));
}
