// SPDX-License-Identifier: Apache-2.0
// More like a picture: the seeds beside its own, and the way from its noise to another picture's.
import { fileUrl, get, post } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import * as jobs from "/js/jobs.js";
import { exact } from "/js/json.js";
import { picture, slider } from "/js/widgets.js";

const NEAR = [-2n, -1n, 1n, 2n];
const LAST_SEED = 2n ** 63n - 1n;
const MOST_BETWEEN = 9;
const PREVIEWS = 6;

/** What a picture was drawn with, as the page has it, what of that cannot be the same, and what its model takes. */
async function drawnWith(each) {
  const { settings, notices } = await post(`/studio/api/draw/note?${new URLSearchParams({ place: each.place })}`);
  if (!settings.model) throw new Error("the model of this picture is not in the folders that are open");
  const model = await get(`/studio/api/draw/models/${settings.model.split("/").map(encodeURIComponent).join("/")}`);
  return { settings, notices, model };
}

const unlike = (notices) => (notices.length ? el("ul", { class: "notices hint" }, notices.map((notice) => el("li", {}, notice))) : null);

/** A place of the row for a picture that is drawn. */
function slot(label) {
  const image = picture(undefined, { width: 96, height: 96, alt: "", lazy: false, class: "cover", hidden: true });
  image.onload = () => { image.hidden = false; image.classList.toggle("pixels", image.naturalWidth <= 96); };
  const node = el("button", { type: "button", class: "thumb near", disabled: true, "aria-label": label }, image);
  return {
    node,
    preview(url) { image.src = url; },
    /** With the picture that is kept. */
    finish(drawn, words, open) {
      image.src = drawn.url;
      node.disabled = !drawn.place;
      node.title = words;
      node.setAttribute("aria-label", `${words}: open`);
      node.onclick = () => open(drawn.place);
    },
  };
}

/** The same settings with the seeds beside its own, into a node; open(place) shows one. */
export async function nearSeeds(each, node, open) {
  replace(node, el("p", { class: "hint" }, "Drawing the seeds beside it…"));
  try {
    const { settings, notices, model } = await drawnWith(each);
    const seeds = NEAR.map((step) => BigInt(settings.seed) + step).filter((seed) => seed >= 0n && seed <= LAST_SEED).map(exact);
    const row = seeds.map((seed) => slot(`Seed ${seed}`));
    replace(node, row.map((one) => one.node), unlike(notices));
    await Promise.all(seeds.map(async (seed, i) => {
      const job = await jobs.draw(jobs.request({ ...settings, toward: null, seed, count: 1 }, model), { preview: ({ b64_json: text }) => row[i].preview(`data:image/png;base64,${text}`) });
      row[i].finish(job.pictures[0], `Seed ${seed}`, open);
    }));
  } catch (error) {
    replace(node, el("p", { class: "notice bad" }, error.message));
  }
}

/** The stretch between two pictures of so many points that lie within it; null where both begin with the same noise. */
function stretch([a, b], count) {
  const share = (number) => number / (count + 1);
  const isOneWay = a.toward && b.toward && a.seed === b.seed && a.toward.seed === b.toward.seed;
  if (isOneWay) {
    const length = b.toward.share - a.toward.share;
    return length === 0 ? null : { seed: a.toward.seed, from: a.toward.share + length * share(1), to: a.toward.share + length * share(count) };
  }
  return a.seed === b.seed ? null : { seed: b.seed, from: share(1), to: share(count) };
}

/** A control that draws the way between two pictures: { node, end() }. others are the names of settings that differ too. */
export function wayBetween(pair, others, open) {
  if (pair.some((each) => each.seed === undefined)) return { node: null, end() {} };
  if (!stretch(pair, 1)) return { node: el("p", { class: "hint" }, "Both begin with the same noise: there is no way between them."), end() {} };
  let running = null;
  const count = slider("Pictures on the way", { min: 1, max: MOST_BETWEEN, value: 5 });
  const row = el("div", { class: "way", role: "group", "aria-label": "On the way" });
  const state = el("div", { class: "hint", "aria-live": "polite" }, others.length
    ? `Drawn with the settings of the first. They differ in ${others.join(", ")} too, so the row ends at another picture than the second.`
    : "The noise goes from the first picture's to the second's; all else stays.");
  const begin = el("button", { type: "button", class: "primary", onclick: draw }, "Draw the way between");
  const end = (place) => picture(fileUrl(place, { thumb: 192 }), { width: 96, height: 96, alt: "", lazy: false, class: "cover", onload: (event) => event.target.classList.toggle("pixels", event.target.naturalWidth <= 96) });

  async function draw() {
    begin.disabled = true;
    const between = Math.max(1, Math.min(MOST_BETWEEN, Math.round(count.value() ?? 5)));
    const slots = Array.from({ length: between }, (_, i) => slot(`Picture ${i + 1} on the way`));
    replace(row, end(pair[0].place), slots.map((one) => one.node), end(pair[1].place));
    replace(state, "Drawing…");
    try {
      const { settings, notices, model } = await drawnWith(pair[0]);
      const finish = (drawn) => slots[drawn.index].finish(drawn, `${Math.round(100 * drawn.toward.share)} % of the way to seed ${drawn.toward.seed}`, open);
      const body = jobs.request({ ...settings, count: between, toward: stretch(pair, between) }, model, { previews: PREVIEWS });
      const job = await jobs.draw(body, {
        begun: ({ id }) => { running = id; },
        progress: ({ step, steps }) => replace(state, `step ${step} of ${steps}`),
        preview: ({ index, b64_json: text }) => slots[index].preview(`data:image/png;base64,${text}`),
        picture: finish,
      });
      job.pictures.forEach(finish);
      replace(state, "They are kept in the folder “drawn”, each with its note.", unlike(notices));
    } catch (error) {
      replace(row);
      replace(state, error.message);
      state.classList.add("bad");
    }
    running = null;
    begin.disabled = false;
  }

  return {
    node: el("section", { class: "stack tight", "aria-label": "The way between them" }, el("div", { class: "way-head" }, count.node, begin), row, state),
    end() { if (running) jobs.end(running).catch(() => {}); },
  };
}
