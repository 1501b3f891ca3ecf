// SPDX-License-Identifier: Apache-2.0
// A run's way to the Hub, or to a folder: what would go is shown first.
import { get, post } from "/js/api.js";
import { el, replace } from "/js/dom.js";
import { clearFaults, dialog, field, markFault, toast, toggle } from "/js/widgets.js";

const API = "/studio/api/train";

export async function publish(run) {
  const repo = el("input", { type: "text", placeholder: "organisation/name", autocomplete: "off" });
  const licence = el("input", { type: "text", placeholder: "apache-2.0", autocomplete: "off" });
  const hidden = toggle("only its owners may see it", true);
  const folder = el("input", { type: "text", value: `${run.place.split("/")[0]}/${run.name}-public`, autocomplete: "off" });
  const about = el("p", { class: "hint" });
  const changes = el("div", { class: "stack tight", "aria-live": "polite" });
  const look = el("button", { type: "button", onclick: () => ask(false) }, "See what would go");
  const send = el("button", { type: "button", class: "primary", disabled: true, onclick: () => ask(true) }, "Publish on the Hub");
  const copy = el("button", { type: "button", onclick: write }, "Write a folder");
  const form = el("div", { class: "stack" },
    el("h3", {}, "On the Hugging Face Hub"), field("Repository", repo, { name: "repo" }), field("Licence", licence, { name: "license", hint: "What the card says where it names none" }), hidden.node,
    about, el("div", { class: "row" }, look, send), changes,
    el("h3", {}, "In a folder"), field("Folder", folder, { name: "folder name", hint: "The same files: the model, its card, recipe and curve" }), el("div", { class: "row" }, copy));
  dialog(`Publish ${run.name}`, form);
  const { has_token: hasToken } = await get(`${API}/hub`);
  about.textContent = hasToken ? "You are logged in on the Hub." : "Nobody is logged in on the Hub, so that nothing can be sent: call diffuse hub login in a terminal, or set HF_TOKEN.";

  async function ask(isReal) {
    clearFaults(form);
    const before = send.disabled;
    look.disabled = send.disabled = true;
    try {
      const answer = await post(`${API}/publish`, { run: run.place, repo: repo.value.trim(), license: licence.value.trim(), private: hidden.input.checked, send: isReal });
      const rows = answer.changes.map(([file, change]) => el("tr", {}, el("td", { class: "mono" }, file), el("td", {}, change)));
      replace(changes, el("p", {}, answer.is_new ? "A new repository with" : "What changes there:"), el("table", {}, el("tbody", {}, rows)),
        answer.names_licence ? null : el("p", { class: "notice warn" }, "The card names no licence, so nobody knows what they may do with it."));
      send.disabled = false;
      if (answer.url) replace(changes, el("p", { class: "notice good" }, "Published: ", el("a", { href: answer.url, target: "_blank", rel: "noopener" }, answer.url)));
    } catch (error) {
      send.disabled = before;
      if (!markFault(form, error)) toast(error.message, { bad: true });
    }
    look.disabled = false;
  }

  async function write() {
    clearFaults(form);
    try {
      const { place, files } = await post(`${API}/folder`, { run: run.place, folder: folder.value.trim() });
      toast(`${files} files are in ${place}`);
    } catch (error) {
      if (!markFault(form, error)) toast(error.message, { bad: true });
    }
  }
}
