// Lights the words while they are spoken: a highlight for each channel, moved by a binary search per frame.

import { buildTracks, entryAt, wordSpans } from "./timeline.js";

/** Chrome 105, Safari 17.2, Firefox 149; before that the whole segment is lit. */
export const canHighlight = typeof Highlight === "function" && "highlights" in CSS;

/** Names of highlights in viewer.css. A call has two channels at most; of more, only the last two would be lit. */
const NAMES = ["spoken-1", "spoken-2"];

export class Spoken {
  /** `onWord(segment, start, end)`: the word that was lit last, to be followed. */
  constructor(view, onWord) {
    this.view = view;
    this.onWord = onWord;
    this.lights = buildTracks(view.segments).map((track, number) => light(track, NAMES[number % 2]));
    this.current = new Set();
  }

  paint(ms) {
    let changed = false;
    for (const one of this.lights) {
      const entry = entryAt(one.track, ms);
      if (entry === one.entry) continue;
      one.entry = entry;
      changed = true;
      this.#move(one);
    }
    if (changed) this.#mark();
  }

  close() {
    if (canHighlight) NAMES.forEach((name) => CSS.highlights.delete(name));
  }

  #move({ track, entry, highlight }) {
    highlight?.clear();
    if (entry < 0) return;
    const segment = track.segments[entry];
    const [start, end] = this.#span(segment, track.words[entry]);
    highlight?.add(this.view.range(segment, start, end));
    this.onWord(segment, start, end);
  }

  #span(segment, word) {
    const { text } = this.view.segments[segment];
    return word < 0 ? [0, text.length] : wordSpans(text)[word];
  }

  /** The segments in which something is spoken have a class; it changes once in a segment. */
  #mark() {
    const now = new Set(
      this.lights.filter((one) => one.entry >= 0).map((one) => one.track.segments[one.entry]),
    );
    for (const index of this.current) if (!now.has(index)) this.view.items[index].classList.remove("spoken");
    for (const index of now) if (!this.current.has(index)) this.view.items[index].classList.add("spoken");
    this.current = now;
  }
}

function light(track, name) {
  const highlight = canHighlight ? new Highlight() : null;
  if (highlight) CSS.highlights.set(name, highlight);
  return { track, highlight, entry: -1 };
}
