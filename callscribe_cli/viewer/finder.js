// Search in the text of one call: all hits are marked, and Enter jumps from one to the next.

import { el } from "./dom.js";
import { findIn, MOST_HITS } from "./find.js";
import { canHighlight } from "./spoken.js";

export class Finder {
  hits = [];
  current = -1;

  /** `show([segment, start, end])` brings a hit onto the screen. */
  constructor(view, show) {
    this.view = view;
    this.show = show;
    this.input = el("input", {
      type: "search",
      id: "find",
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
    });
    this.count = el("output", { for: "find", role: "status" });
    this.input.addEventListener("input", () => this.#update());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.node = el(
      "div",
      { class: "find", role: "search" },
      el("label", { for: "find" }, "Search in the text"),
      this.input,
      el("button", { type: "button", onclick: () => this.jump(-1), "aria-label": "Previous hit" }, "↑"),
      el("button", { type: "button", onclick: () => this.jump(1), "aria-label": "Next hit" }, "↓"),
      this.count,
    );
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** As if it were typed; the first jump is to what is said at `ms` or later. */
  search(query, ms) {
    this.input.value = query;
    this.#update();
    const later = this.hits.findIndex(([segment]) => this.view.segments[segment].end_ms > ms);
    this.current = Math.max(0, later) - 1;
    this.jump(1);
  }

  jump(step) {
    const all = this.hits.length;
    if (!all) return;
    // the first step back from nowhere leads to the last hit
    this.current = this.current < 0 && step < 0 ? all - 1 : (this.current + step + all) % all;
    this.#mark();
    this.show(this.hits[this.current]);
  }

  close() {
    this.hits = [];
    this.current = -1;
    this.#mark();
  }

  #update() {
    this.hits = findIn(
      this.view.texts.map((text) => text.data),
      this.input.value,
    );
    this.current = -1;
    this.#mark();
  }

  #key(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    this.jump(event.shiftKey ? -1 : 1);
  }

  #mark() {
    this.count.textContent = this.input.value.trim() ? this.#summary() : "";
    if (canHighlight) {
      mark(
        "found",
        this.hits.map((hit) => this.view.range(...hit)),
      );
      mark(
        "found-current",
        this.hits.slice(this.current, this.current + 1).map((hit) => this.view.range(...hit)),
      );
    } else {
      const found = new Set(this.hits.map(([segment]) => segment));
      this.view.items.forEach((item, index) => item.classList.toggle("found", found.has(index)));
    }
  }

  #summary() {
    if (!this.hits.length) return "Not found";
    const all = this.hits.length < MOST_HITS ? String(this.hits.length) : `${MOST_HITS} or more`;
    return this.current < 0 ? `${all} found` : `${this.current + 1} of ${all}`;
  }
}

function mark(name, ranges) {
  if (!ranges.length) return CSS.highlights.delete(name);
  const highlight = new Highlight(...ranges);
  // where a hit is being spoken, the spoken word's color wins
  highlight.priority = name === "found" ? -2 : -1;
  CSS.highlights.set(name, highlight);
}
