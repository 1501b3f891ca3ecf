// SPDX-License-Identifier: Apache-2.0
// The server's jobs: what a room's settings are as a request, and how a job is followed.
import { events, get, post, remove } from "/js/api.js";
import { keep, watch } from "/js/store.js";

const JOBS = "/api/v1/jobs";
const FINAL = ["done", "failed", "cancelled", "expired"];

export const isOver = (job) => FINAL.includes(job.state);

/** The class that is drawn, null for any: the first where the one that was chosen is another model's, or none was and the model needs one. */
function classOf(settings, model) {
  const chosen = settings.class ?? (model.is_guided ? null : 0);
  return model.takes === "classes" && chosen >= model.classes ? 0 : chosen;
}

/** A request of these settings; what the model does not take is left out. */
export function request(settings, model, { previews = 0, keeps = true } = {}) {
  const count = settings.count || 1;
  const subject = {};
  if (model.takes === "prompt" || model.takes === "words") {
    subject.prompts = Array(count).fill(settings.prompt ?? "");
    if (model.takes === "prompt" && settings.negative) subject.negative_prompts = Array(count).fill(settings.negative);
    if (settings.syntax && settings.syntax !== "plain") subject.prompt_syntax = settings.syntax;
  } else if (model.takes === "classes" || model.takes === "number") {
    const label = classOf(settings, model);
    if (label !== null) subject.classes = Array(count).fill(label);
  }
  const canvas = { seed: settings.seed ?? 0, count };
  if (settings.width && settings.height) canvas.size = settings.width === settings.height ? settings.width : [settings.height, settings.width];
  if (settings.toward) canvas.toward = settings.toward;
  const body = { model: model.name, request: { subject, canvas } };
  if (settings.steps) body.request.sampling = { steps: settings.steps };
  if (model.is_guided && settings.guidance_scale !== null && settings.guidance_scale !== undefined) body.request.guidance = { scale: settings.guidance_scale };
  if (settings.scheduler && settings.scheduler !== model.scheduler) body.scheduler = settings.scheduler;
  if (settings.picture) {
    body.request.inputs = { picture: settings.picture, strength: settings.strength };
    if (settings.mask) body.request.inputs.mask = settings.mask;
  }
  if (settings.beside) addBeside(body, settings.beside, settings.scheduler ?? model.scheduler);
  if (settings.guides?.length) body.guides = settings.guides;
  if (settings.loras?.length) body.loras = settings.loras;
  if (previews) body.previews = previews;
  if (!keeps) body.keep = false;
  return body;
}

/** What a dropped picture says and the form has no field for. */
function addBeside(body, { rng, clip_skip: clipSkip, eta, scheduler_config: config }, scheduler) {
  const { subject, canvas } = body.request;
  if (rng) canvas.rng = rng;
  if (clipSkip && subject.prompts) subject.clip_skip = clipSkip;
  if (eta) body.request.sampling = { ...body.request.sampling, eta };
  if (config) Object.assign(body, { scheduler, scheduler_config: config });
}

/** Says to other tabs that the list has changed. */
const changed = () => keep("jobs", Date.now());

export async function submit(body) {
  const job = await post(JOBS, body);
  changed();
  return job;
}

export const estimate = (body) => post(`${JOBS}/estimate`, body);
export const list = async () => (await get(JOBS)).jobs;
export const onListChange = (callback) => watch("jobs", callback);

export async function end(id) {
  const job = await remove(`${JOBS}/${id}`);
  changed();
  return job;
}

export async function move(id, before) {
  const job = await post(`${JOBS}/${id}/move`, { before });
  changed();
  return job;
}

/** Follows a job until it is over: follow(id, { progress, preview, picture, losses, over }) → what ends it. */
export function follow(id, handlers) {
  let close = () => {};
  const over = (job) => { close(); handlers.over?.(job); changed(); };
  let asked = false;
  close = events(`${JOBS}/${id}/events`, {
    progress: handlers.progress ?? (() => {}),
    preview: handlers.preview ?? (() => {}),
    picture: handlers.picture ?? (() => {}),
    losses: handlers.losses ?? (() => {}),
    ...Object.fromEntries(FINAL.map((state) => [state, over])),
    async error() {
      if (asked) return;
      asked = true;
      try { const job = await get(`${JOBS}/${id}`); if (isOver(job)) over(job); }
      catch (error) { if (error.status === 404) { close(); handlers.over?.({ id, state: "gone", pictures: [] }); } }
      asked = false;
    },
  });
  return close;
}

/** Draws and waits: for rooms that only want the picture. */
export function draw(body, handlers = {}) {
  return submit(body).then((job) => new Promise((resolve, reject) => {
    handlers.begun?.(job);
    follow(job.id, { ...handlers, over: (ended) => (ended.state === "done" ? resolve(ended) : reject(new Error(ended.error?.message ?? ended.state))) });
  }));
}
