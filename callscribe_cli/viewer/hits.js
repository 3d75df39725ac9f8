// What the search over all calls found: each moment leads to its place in the call.

import * as api from "./api.js";
import { el } from "./dom.js";
import { clock, count, moment, party } from "./format.js";

let running = null;

/** Into `container`; an empty text empties it. A newer search makes an older one's answer void. */
export async function showHits(container, text, signal) {
  running?.abort();
  running = new AbortController();
  if (!text) return container.replaceChildren();
  try {
    const { hits } = await api.searchCalls(text, AbortSignal.any([signal, running.signal]));
    const title = el("h2", { role: "status" }, hits.length ? count(hits.length, "call") : "Not found");
    container.replaceChildren(
      title,
      el(
        "ol",
        { class: "hits" },
        hits.map((hit) => hitItem(hit, text)),
      ),
    );
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof api.Problem)) throw error;
    container.replaceChildren(el("p", { role: "alert" }, error.message));
  }
}

function hitItem(hit, text) {
  const when = el("time", { datetime: hit.created_at }, moment(hit.created_at));
  const link = el("a", { href: place(hit, { q: text }) }, el("bdi", {}, party(hit)), " ", when);
  return el(
    "li",
    {},
    link,
    el(
      "ul",
      {},
      hit.moments.map((one) => momentItem(hit, one, text)),
    ),
  );
}

function momentItem(hit, { at_ms: at, parts }, text) {
  const words = parts.map((part, number) => (number % 2 ? el("mark", {}, part) : part));
  return el("li", {}, el("a", { href: place(hit, { at, q: text }) }, clock(at)), " ", el("bdi", {}, words));
}

const place = (hit, where) => `#/calls/${hit.call_id}?${new URLSearchParams(where)}`;
