// The page of one call. It asks again until nothing more will come.

import { actions, downloads } from "./actions.js";
import * as api from "./api.js";
import { config } from "./config.js";
import { details, errorList } from "./details.js";
import { el, notify, repainter } from "./dom.js";
import { direction, moment, party } from "./format.js";
import { listen } from "./listen.js";
import { poll } from "./poll.js";
import { hasEnded, statusBadge } from "./states.js";

const EVERY_MS = 3000;
const LOST_MS = 5000;
const ERASING_MS = 30_000;

/** `at`: milliseconds on the call's clock; `query`: what to look for in the text. */
export function showCall(main, { callId, at, query }, signal) {
  const page = new CallPage(main, { callId, at, query }, signal);
  poll(() => page.update(), signal);
}

class CallPage {
  /** Which recordings and transcripts are on the page; another key means: read them anew. */
  shown = null;
  final = false;
  lost = false;

  constructor(main, place, signal) {
    Object.assign(this, { place, signal });
    const head = el("header", { class: "head" });
    const errors = el("div", { class: "after" });
    const about = el("section", { class: "details", "aria-label": "About this call" });
    this.body = el("div", { class: "listen" }, el("p", {}, "Loading…"));
    this.files = el("div", { class: "files" });
    main.replaceChildren(head, errors, this.files, el("div", { class: "columns" }, this.body, about));
    this.paintHead = repainter(head, (call) => this.#head(call));
    this.paintErrors = repainter(errors, errorList);
    this.paintDetails = repainter(about, details);
  }

  /** How long to wait until the next time, or null: nothing more will come. */
  async update() {
    const wait = await this.#read().catch((error) => this.#problem(error));
    this.final = wait === null;
    return wait;
  }

  async #read() {
    const call = await api.getCall(this.place.callId, this.signal);
    this.paintHead(call);
    this.paintErrors(call);
    this.paintDetails(call);
    const wait = await this.#content(call);
    if (this.lost) notify("");
    this.lost = false;
    return hasEnded(call) ? wait : (wait ?? EVERY_MS);
  }

  #problem(error) {
    if (error.name === "AbortError") return null;
    if (!(error instanceof api.Problem)) throw error;
    this.lost = error.status === 0 || error.status >= 500 || error.status === 429;
    if (this.lost) notify(error.message);
    else this.#clear(el("h1", {}, "This call cannot be shown"), el("p", {}, error.message));
    return this.lost ? (error.retryAfterMs ?? LOST_MS) : null;
  }

  #head(call) {
    document.title = `${party(call)} - callscribe`;
    const when = el("time", { datetime: call.created_at }, moment(call.created_at));
    const back = config.shared ? null : el("a", { href: "#/calls", class: "back", id: "back" }, "All calls");
    // which stack it is: an erasure in the wrong one cannot be undone
    const stack = config.stack ? el("span", { class: "stack" }, config.stack) : null;
    return [
      el("p", { class: "place" }, back, stack),
      el("h1", { tabindex: -1 }, el("bdi", {}, party(call))),
      el("p", {}, `${direction(call)}, `, when, " ", statusBadge(call.status)),
      el(
        "p",
        { class: "buttons" },
        actions(call, () => this.#again()),
      ),
    ];
  }

  /** After *try again* the page has an end once more to wait for. */
  #again() {
    this.shown = null;
    if (this.final) poll(() => this.update(), this.signal);
  }

  async #content(call) {
    if (call.erasure) return this.#erased(call);
    const key = JSON.stringify(
      call.recordings.map((one) => [one.recording_sid, one.transcript_id, one.status]),
    );
    if (key === this.shown) return null;
    const [transcript, { recordings }] = await Promise.all([
      this.#transcript(),
      api.getRecordings(call.call_id, this.signal),
    ]);
    if (transcript.wait) return transcript.wait;
    this.shown = key;
    this.#show(call, transcript, recordings);
    return null;
  }

  /** `{document}`, or `{reason}` why there will be none, or `{wait}`. */
  async #transcript() {
    try {
      return { document: await api.getTranscript(this.place.callId, this.signal) };
    } catch (error) {
      if (error.status === 409) {
        this.#clear(el("p", {}, "The transcript is not ready yet. This page shows it when it is."));
        return { wait: error.retryAfterMs ?? EVERY_MS };
      }
      if (error.status !== 404) throw error;
      return { document: null, reason: error };
    }
  }

  #erased(call) {
    const done = call.status === "erased";
    const text = done ? "This call was erased." : "This call is being erased, which takes up to half an hour.";
    this.#clear(el("p", {}, text));
    return done ? null : ERASING_MS;
  }

  /** In the place of what could be heard and read. */
  #clear(...nodes) {
    this.reading?.abort();
    this.shown = null;
    this.files.replaceChildren();
    this.body.replaceChildren(...nodes);
  }

  #show(call, { document: transcript, reason }, recordings) {
    this.reading?.abort();
    this.reading = new AbortController();
    const signal = AbortSignal.any([this.signal, this.reading.signal]);
    const { at, query } = this.place;
    const { nodes, begin } = listen({ callId: call.call_id, transcript, recordings, at, query }, signal);
    this.files.replaceChildren(...[downloads(call, recordings, transcript !== null)].flat());
    this.body.replaceChildren(...nodes.flat(), ...(reason ? [noTranscript(reason)] : []));
    begin();
  }
}

function noTranscript(problem) {
  const reasons = problem.errors.map((one) => el("li", {}, `${one.field}: ${one.message}`));
  return el("div", {}, el("p", {}, problem.message), el("ul", {}, reasons));
}
