// SPDX-License-Identifier: Apache-2.0
// Calls of the server.
import { parse, write } from "/js/json.js";

/** What went wrong: message, the field that is wrong (param), the status. */
export class ApiError extends Error {
  constructor(status, message, param, code) {
    super(message);
    this.status = status;
    this.param = param;
    this.code = code;
  }
}

async function call(method, path, body, signal) {
  const isFile = body instanceof Blob;
  let response;
  try {
    response = await fetch(path, {
      method,
      signal,
      headers: body === undefined ? {} : { "Content-Type": isFile ? body.type || "application/octet-stream" : "application/json" },
      body: body === undefined ? undefined : isFile ? body : write(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    dispatchEvent(new CustomEvent("studio:lost"));
    throw new ApiError(0, "the studio does not answer: was it stopped?");
  }
  dispatchEvent(new CustomEvent("studio:found"));
  if (response.status === 204) return null;
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  const text = await response.text();
  const answer = isJson ? parse(text) : text;
  if (response.ok) return answer;
  if (response.status === 401) dispatchEvent(new CustomEvent("studio:locked"));
  const error = answer?.error ?? {};
  throw new ApiError(response.status, error.message ?? `the studio answered ${response.status}`, error.param, error.code);
}

export const get = (path, signal) => call("GET", path, undefined, signal);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body = {}) => call("PUT", path, body);
export const remove = (path) => call("DELETE", path);

/** The address of a place of the folders: fileUrl("runs/a b.png", { thumb: 160 }). */
export function fileUrl(place, query) {
  const path = place.split("/").map(encodeURIComponent).join("/");
  const search = query ? `?${new URLSearchParams(query)}` : "";
  return `/studio/api/files/${path}${search}`;
}

/**
 * Server-sent events: events(path, { progress(data) {}, done(data) {} }) → what ends it. It goes on after a loss from the last event that was seen, and
 * pauses while the page cannot be seen: a browser has six connections for all its tabs.
 */
export function events(path, handlers) {
  let source = null;
  let seen = "";
  let isClosed = false;
  let retry = 0;
  function open() {
    if (isClosed || source || document.hidden) return;
    const mark = seen ? `${path.includes("?") ? "&" : "?"}after=${seen}` : "";
    source = new EventSource(path + mark);
    for (const [name, handler] of Object.entries(handlers)) {
      if (name === "error") continue;
      source.addEventListener(name, (event) => {
        if (event.lastEventId) seen = event.lastEventId;
        retry = 0;
        handler(event.data ? parse(event.data) : null);
      });
    }
    source.onopen = () => dispatchEvent(new CustomEvent("studio:found"));
    source.onerror = () => {
      shut();
      if (isClosed) return;
      handlers.error?.();
      retry += 1;
      if (retry > 1) call("GET", "/studio/api/folders").catch((error) => { isClosed ||= error.status === 401; }); // says that it is lost, or locked
      setTimeout(open, Math.min(5000, 250 * 2 ** retry));
    };
  }
  function shut() {
    source?.close();
    source = null;
  }
  const look = () => (document.hidden ? shut() : open());
  document.addEventListener("visibilitychange", look);
  open();
  return () => {
    isClosed = true;
    shut();
    document.removeEventListener("visibilitychange", look);
  };
}
