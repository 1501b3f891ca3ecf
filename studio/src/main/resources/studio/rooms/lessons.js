// SPDX-License-Identifier: Apache-2.0
// Five walks. A lesson is shown step by step; where its page has a picture, a control runs the library in its place.
import { get } from "/js/api.js";
import { commandText, el, replace } from "/js/dom.js";
import { keep, recall, watch } from "/js/store.js";

export const title = "Lessons";

const MEMORY = "lessons";

/** What puts the controls into a text. Its files come while the page does: no heading waits for them. */
let mount = null;
const controls = import("/rooms/lessons/live.js").then((module) => { mount = module.mount; });
controls.catch(() => {}); // said where one is wanted

/** What was fetched before, so that a step is there at once. */
const known = { index: null, pages: new Map() };
let wasShown = false;

/** Where somebody is: the step of each lesson, and the furthest one seen. */
function progress() {
  return { at: {}, far: {}, ...recall(MEMORY, {}) };
}

export function show(root, studio) {
  let { index } = known;
  let page = null;
  let number = 0;
  let step = 0;
  let turns = 0;
  let leaveControls = () => {};
  let isOver = false;

  const list = el("nav", { class: "lesson-list", "aria-label": "Lessons" });
  const body = el("article", { class: "lesson card" }, el("p", { class: "muted" }, "…"));
  root.append(el("div", { class: "lessons" }, list, body));

  function paintList() {
    const { far } = progress();
    replace(list, index.lessons.map((lesson) => {
      const seen = (far[lesson.number] ?? -1) + 1;
      const isHere = lesson.number === number;
      return el("section", { class: ["lesson-link", isHere && "here"] },
        el("a", { href: `#/lessons/${lesson.number}`, "aria-current": isHere ? "true" : undefined }, lesson.title),
        el("div", { class: "bar", role: "img", "aria-label": `${seen} of ${lesson.steps.length} steps seen` },
          el("i", { style: { "--share": String(seen / lesson.steps.length) } })),
        isHere ? el("ol", { class: "lesson-steps" }, lesson.steps.map((name, i) => el("li", {},
          el("a", { href: `#/lessons/${number}/${i + 1}`, "aria-current": i === step ? "step" : undefined, class: i <= (far[number] ?? -1) ? "seen" : "" }, i === 0 ? "Beginning" : name)))) : null);
    }));
    const here = list.querySelector(".here");
    if (here) list.scrollLeft = here.offsetLeft - list.offsetLeft; // on a phone they are a row
  }

  function remember() {
    const all = progress();
    all.at[number] = step;
    all.far[number] = Math.max(all.far[number] ?? -1, step);
    all.last = number;
    keep(MEMORY, all);
  }

  function goto(next) {
    location.hash = `#/lessons/${number}/${next + 1}`;
  }

  function steps() {
    const last = page.steps.length - 1;
    const back = el("button", { type: "button", disabled: step === 0, onclick: () => goto(step - 1) }, "← Back");
    const next = step < last
      ? el("button", { type: "button", class: "primary", onclick: () => goto(step + 1) }, "Next →")
      : number < index.lessons.length
        ? el("a", { class: "button", href: `#/lessons/${number + 1}/1` }, `Lesson ${number + 1} →`)
        : el("a", { class: "button", href: "#/lessons/1/1" }, "To the first lesson");
    return el("div", { class: "lesson-turn" }, back, el("span", { class: "muted" }, `${step + 1} of ${page.steps.length}`), next);
  }

  /** The heading at once; a text with controls together with them, so that nothing moves when they come. */
  function paint() {
    leaveControls();
    leaveControls = () => {};
    const shown = page.steps[step];
    const turn = ++turns;
    const text = el("div", { class: "lesson-text" });
    const template = document.createElement("template");
    template.innerHTML = shown.html; // of the studio's own pages, with all that is not theirs escaped
    for (const code of template.content.querySelectorAll("pre > code:not([class])")) replace(code, commandText(code.textContent));
    const isLive = template.content.querySelector(".live") !== null;
    const heading = el(step === 0 ? "h1" : "h2", { tabindex: "-1", class: "lesson-title" }, shown.title);
    replace(body, el("p", { class: "lesson-above muted" }, step === 0 ? "Lesson" : page.title), heading);
    const fill = (fault) => {
      if (isOver || turn !== turns) return;
      text.append(template.content);
      body.append(text, steps());
      if (fault) text.prepend(el("p", { class: "notice bad", role: "alert" }, `The controls of this step could not be loaded: ${fault.message}`));
      else if (isLive) leaveControls = mount(text, studio);
    };
    if (!isLive || mount) fill();
    else controls.then(() => fill(), fill);
    document.title = `${shown.title} · diffusion4j`;
    remember();
    paintList();
    if (wasShown) heading.focus({ preventScroll: true });
    wasShown = true;
  }

  async function enter() {
    const { rest } = studio.route();
    const memory = progress();
    const wanted = Number(rest[0]) || memory.last || 1;
    number = wanted;
    page = known.pages.get(wanted);
    if (!index || !page) {
      try {
        [index, page] = await Promise.all([index ?? get("/studio/api/lessons"), page ?? get(`/studio/api/lessons/pages/${wanted}`)]);
      } catch (error) {
        if (!isOver) replace(body, el("p", { class: "notice bad", role: "alert" }, error.message));
        return;
      }
      known.index = index;
      known.pages.set(wanted, page);
    }
    if (isOver) return;
    const asked = rest[1] === undefined ? (memory.at[number] ?? 0) : Number(rest[1]) - 1;
    step = Math.min(page.steps.length - 1, Math.max(0, Number.isFinite(asked) ? asked : 0));
    paint();
  }

  function pressed(event) {
    if (!page || event.target.closest?.("input, textarea, select, [contenteditable], [role=slider]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "ArrowRight" && step < page.steps.length - 1) goto(step + 1);
    if (event.key === "ArrowLeft" && step > 0) goto(step - 1);
  }

  addEventListener("keydown", pressed);
  const forget = watch(MEMORY, () => index && page && paintList());
  enter();
  return () => {
    isOver = true;
    leaveControls();
    forget();
    removeEventListener("keydown", pressed);
  };
}
