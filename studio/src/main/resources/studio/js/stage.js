// SPDX-License-Identifier: Apache-2.0
// Where pictures come out of the noise: the job at work, those that wait, those that are done.
import { fileUrl } from "/js/api.js";
import { el, icon, replace } from "/js/dom.js";
import * as jobs from "/js/jobs.js";
import { losses } from "/js/losses.js";
import { ICONS, dialog, duration, iconButton, picture, toast } from "/js/widgets.js";

const MOST_RECENT = 40;
/** Milliseconds between two looks of how far it is: what a page paints is taken from the drawing, on the same cores. */
const RHYTHM = 100;

/** { node, refresh(), added(job, size), cancel(), leave() }; reuse(seed) and begin(url) are for pictures that are done. */
export function stage({ reuse, begin, studio, measured = () => {} }) {
  const now = el("div", { class: "now" });
  const queue = el("section", { class: "queue", "aria-label": "Queue" });
  const recent = el("section", { class: "recent", "aria-label": "Drawn just now" });
  const node = el("div", { class: "stack stage" }, now, queue, recent);
  const sizes = new Map();
  let running = null;
  let stop = () => {};
  let all = [];
  let isGone = false;

  function idle() {
    if (now.dataset.job) return;
    replace(now, el("div", { class: "empty noise" }, el("p", {}, "Pictures appear here as they come out of the noise."), el("p", { class: "hint" }, "Drop a PNG that was drawn before to take its settings.")));
  }

  async function refresh() {
    try {
      all = await jobs.list();
    } catch (error) {
      return;
    }
    if (isGone) return;
    paintQueue();
    paintRecent();
    const next = all.find((job) => job.state === "running") ?? waiting()[0];
    if (next && next.id !== running) watch(next);
    else if (!next && !now.dataset.job) idle();
  }

  const waiting = () => all.filter((job) => job.state === "waiting").sort((a, b) => a.waiting_before - b.waiting_before);

  function words(job) {
    return job.prompt || `seed ${job.seed}`;
  }

  function paintQueue() {
    const list = waiting().filter((job) => job.id !== running);
    replace(queue, list.length === 0 ? null : [el("h2", {}, `${list.length} waiting`), list.map((job, i) => el("div", { class: "job card" },
      el("span", { class: "job-words" }, words(job), el("span", { class: "hint" }, ` ${job.model}`)),
      iconButton("up", "Earlier", () => shift(job, -1), { disabled: i === 0 }),
      iconButton("down", "Later", () => shift(job, 1), { disabled: i === list.length - 1 }),
      iconButton("close", "Cancel", () => act(jobs.end(job.id)))))]);
  }

  /** By where it is now: others may have moved it, or begun. */
  async function shift(job, by) {
    all = await jobs.list().catch(() => all);
    const now = all.find((each) => each.id === job.id);
    if (now?.state === "waiting") await act(jobs.move(job.id, Math.max(0, now.waiting_before + by)));
    else refresh();
  }

  async function act(promise) {
    try { await promise; } catch (error) { toast(error.message, { bad: true }); }
    refresh();
  }

  function paintRecent() {
    const pictures = all.filter(jobs.isOver).reverse().flatMap((job) => [...job.pictures].reverse().map((each) => ({ job, each }))).slice(0, MOST_RECENT);
    const shown = new Set([...now.querySelectorAll("[data-url]")].map((tile) => tile.dataset.url));
    const older = pictures.filter(({ each }) => !shown.has(each.url));
    replace(recent, older.length === 0 ? null : [el("h2", {}, "Drawn before"), el("div", { class: "strip" }, older.map(({ job, each }) => el("button", {
      type: "button", class: "thumb", title: words(job), "aria-label": `Picture of ${words(job)}, seed ${each.seed}`, onclick: () => view(job, each),
    }, picture(each.place ? fileUrl(each.place, { thumb: 160 }) : each.url, { width: 96, height: 96, class: "cover", onload: (event) => event.target.classList.toggle("pixels", event.target.naturalWidth <= 96) }))))]);
  }

  /** Shows a job until it is over. */
  function watch(job) {
    stop();
    running = job.id;
    now.dataset.job = job.id;
    const size = sizes.get(job.id) ?? { width: 1, height: 1 };
    const count = job.progress.pictures || 1;
    const bar = el("i");
    const state = el("span", { class: "muted mono" }, job.state === "waiting" ? "waiting" : "");
    const tiles = Array.from({ length: count }, (_, index) => tile(job, index, size));
    const curve = losses();
    replace(now, el("div", { class: "now-head" }, el("span", { class: "job-words" }, words(job), el("span", { class: "hint" }, ` ${job.model}`)), state,
      el("button", { type: "button", class: "quiet cancel", onclick: () => act(jobs.end(job.id)) }, "Cancel", el("kbd", {}, "Esc"))),
    el("div", { class: "bar", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0", "aria-valuemax": "100" }, bar),
    el("div", { class: ["tiles", count === 1 && "single"] }, tiles), curve.node);
    const begun = performance.now();
    let first = null;
    let told = -RHYTHM;
    let steps = 0; // the job itself knows of none any more when it is over
    const progressed = (progress) => {
      steps = progress.steps || steps;
      if (performance.now() - told < RHYTHM && progress.step < progress.steps) return;
      told = performance.now();
      bar.style.setProperty("--share", progress.share);
      bar.parentNode.setAttribute("aria-valuenow", Math.round(100 * progress.share));
      first ??= { share: progress.share, at: performance.now() };
      const done = progress.share - first.share;
      const left = done > 0.02 ? ((performance.now() - first.at) / 1000) * ((1 - progress.share) / done) : null;
      replace(state, `step ${progress.step} of ${progress.steps}${count > 1 ? ` · ${progress.finished} of ${count} done` : ""}${left && left > 1 ? ` · ${duration(left)} left` : ""}`);
    };
    if (job.losses) curve.set(job.losses);
    for (const each of job.pictures) finish(job, tiles[each.index], each);
    stop = jobs.follow(job.id, {
      progress: progressed,
      preview: ({ index, b64_json: text }) => show(tiles[index], `data:image/png;base64,${text}`),
      picture: (each) => finish(job, tiles[each.index], each),
      losses: (data) => curve.set(data.losses),
      over: (ended) => {
        if (running !== job.id) return;
        running = null;
        now.querySelector(".cancel")?.remove();
        bar.style.setProperty("--share", ended.state === "done" ? 1 : 0);
        if (ended.state === "done") replace(state, `drawn in ${duration(ended.seconds ?? (performance.now() - begun) / 1000)}`);
        else if (ended.state === "cancelled") replace(state, "cancelled");
        else if (ended.state !== "gone") { replace(state, "failed"); now.append(el("p", { class: "notice bad" }, ended.error?.message ?? ended.state)); }
        for (const each of tiles) if (!each.dataset.url) each.classList.add("given-up");
        if (ended.state === "done" && ended.seconds && steps) measured(ended.model, ended.seconds / (steps * ended.progress.pictures));
        refresh();
      },
    });
    paintQueue();
  }

  function tile(job, index, size) {
    const box = el("button", { type: "button", class: "tile", disabled: true, "aria-label": `Picture ${index + 1}`, style: { "--ratio": `${size.width} / ${size.height}`, "--wide": size.width, "--ratio-number": size.width / size.height } }, el("img", { alt: "", hidden: true, draggable: "false" }));
    return box;
  }

  function show(box, url) {
    const image = box.querySelector("img");
    image.onload = () => {
      box.style.setProperty("--ratio", `${image.naturalWidth} / ${image.naturalHeight}`);
      box.style.setProperty("--ratio-number", image.naturalWidth / image.naturalHeight);
      image.classList.toggle("pixels", image.naturalWidth <= 128);
      image.hidden = false;
    };
    image.src = url;
  }

  function finish(job, box, each) {
    box.dataset.url = each.url;
    box.disabled = false;
    box.setAttribute("aria-label", `Picture of ${words(job)}, seed ${each.seed}: open`);
    box.classList.add("finished");
    box.onclick = () => view(job, each);
    show(box, each.url);
  }

  function view(job, each) {
    const image = el("img", { src: each.url, alt: words(job), class: "large" });
    image.onload = () => image.classList.toggle("pixels", image.naturalWidth <= 128);
    const close = (action) => () => { box.close(); action(); };
    const box = dialog(words(job), el("div", { class: "viewer" }, image, el("div", { class: "row" },
      el("button", { type: "button", onclick: close(() => reuse(each.seed)) }, icon(ICONS.lock), `Keep the seed ${each.seed}`),
      el("button", { type: "button", onclick: close(() => begin(each.url)) }, "Begin with this"),
      el("a", { class: "button", href: each.url, download: `${job.model.split("/").pop()}-${each.seed}.png` }, icon(ICONS.down), "Save"),
      each.place ? el("button", { type: "button", onclick: close(() => studio.go("gallery", { picture: each.place })) }, icon(ICONS.gallery), "In the gallery") : null)));
  }

  const unwatch = jobs.onListChange(refresh);
  const rhythm = setInterval(() => { if (!document.hidden && all.some((job) => !jobs.isOver(job))) refresh(); }, 4000);
  const seen = () => { if (!document.hidden) refresh(); };
  document.addEventListener("visibilitychange", seen);
  idle();

  return {
    node,
    refresh,
    added(job, size) {
      if (size.width && size.height) sizes.set(job.id, size);
      all.push(job);
      if (running) paintQueue(); else watch(job);
    },
    cancel() {
      if (running) act(jobs.end(running));
    },
    leave() {
      isGone = true;
      stop();
      unwatch();
      clearInterval(rhythm);
      document.removeEventListener("visibilitychange", seen);
    },
  };
}
