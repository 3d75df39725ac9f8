// The transcript on the page: each segment's text is ONE text node. A node for each of 40,000 words takes
// ten times as long to open and to light, and breaks the browser's own search.

import { el } from "./dom.js";
import { clock, languageTag, spokenClock } from "./format.js";
import { timeOfOffset, voiceKey, voicesOf } from "./timeline.js";

/** The segments of all recordings on the call's clock, each with its recording's language. */
export function segmentsOf(document) {
  const all = document.recordings.flatMap((recording) =>
    recording.segments.map((segment) => ({ ...segment, language: languageTag(recording.language_code) })),
  );
  return all.sort((a, b) => a.start_ms - b.start_ms);
}

/** How many voices have a color of their own (viewer.css). */
const COLORS = 6;

export const colorOf = (voice) => `voice-${voice % COLORS}`;

export class TranscriptView {
  /** `seek(ms)` is called for a click on a word or on a segment's time. */
  constructor(segments, seek) {
    this.segments = segments;
    this.voices = voicesOf(segments);
    const numbers = new Map(this.voices.map((voice, number) => [voice.key, number]));
    this.items = segments.map((segment, index) =>
      item(segment, numbers.get(voiceKey(segment)), segments[index - 1]),
    );
    this.texts = this.items.map((one) => one.lastChild.firstChild);
    this.node = el("ol", { class: "transcript", id: "transcript" }, this.items);
    this.numberOf = new Map(this.items.map((one, index) => [one, index]));
    this.node.addEventListener("click", (event) => this.#click(event, seek));
  }

  /** The characters of a segment, for a highlight: static, so that the browser need not keep them right. */
  range(segment, start, end) {
    const text = this.texts[segment];
    return new StaticRange({ startContainer: text, startOffset: start, endContainer: text, endOffset: end });
  }

  /** The same as a live range, which knows its place on the screen. */
  liveRange(segment, start, end) {
    const range = document.createRange();
    range.setStart(this.texts[segment], start);
    range.setEnd(this.texts[segment], end);
    return range;
  }

  #click(event, seek) {
    const index = this.numberOf.get(event.target.closest("li"));
    if (index === undefined) return;
    const segment = this.segments[index];
    const button = event.target.closest("button");
    if (button) {
      // after a click with the pointer the space bar pauses, and does not press the button again
      if (event.detail) button.blur();
      seek(segment.start_ms);
    } else if (event.target.closest("p") && getSelection().isCollapsed) {
      // a click at the end of dragging belongs to the selection
      const offset = offsetAt(event.clientX, event.clientY, this.texts[index]);
      if (offset !== null) seek(timeOfOffset(segment, offset));
    }
  }
}

function item(segment, voice, previous) {
  const sameVoice = previous && voiceKey(previous) === voiceKey(segment);
  const at = segment.start_ms;
  return el(
    "li",
    { class: colorOf(voice) },
    el("button", { type: "button", class: "time", "aria-label": `Play from ${spokenClock(at)}` }, clock(at)),
    sameVoice || !segment.speaker_name ? null : el("b", { dir: "auto" }, segment.speaker_name),
    el("p", { dir: "auto", lang: segment.language }, segment.text || " "),
  );
}

/** The position in `text` of the character under the pointer; null beside the text. */
function offsetAt(x, y, text) {
  if (document.caretPositionFromPoint) {
    const caret = document.caretPositionFromPoint(x, y);
    return caret?.offsetNode === text ? caret.offset : null;
  }
  // Safari before 26.2 has only the older name
  const range = document.caretRangeFromPoint?.(x, y);
  return range?.startContainer === text ? range.startOffset : null;
}
