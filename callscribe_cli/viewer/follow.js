// Scrolls along with the words, until the reader scrolls somewhere else.

import { el } from "./dom.js";

const SCROLL_KEYS = new Set(["PageUp", "PageDown", "ArrowUp", "ArrowDown", "Home", "End"]);

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** To the reader's eye: a third of the way down, below the player. */
export function scrollTo(range) {
  // what is far away has no exact place before it is scrolled to, and gliding there would lay out all between
  const { top: distance, height } = range.getBoundingClientRect();
  if (!height || Math.abs(distance) > 2 * window.innerHeight) {
    range.startContainer.parentElement.scrollIntoView({ block: "center", behavior: "instant" });
  }
  const top = window.scrollY + range.getBoundingClientRect().top - window.innerHeight / 3;
  window.scrollTo({ top, behavior: calm.matches ? "instant" : "smooth" });
}

export class Follow {
  constructor(signal) {
    this.on = true;
    this.button = el("button", { type: "button", class: "follow", hidden: true }, "Follow the words");
    this.button.addEventListener("click", () => this.resume());
    // not "scroll": the page scrolls by itself too, when segments get their real height
    for (const event of ["wheel", "touchmove"]) {
      addEventListener(event, () => this.yield(), { signal, passive: true });
    }
    const yieldIf = (scrolls) => (event) => scrolls(event) && this.yield();
    addEventListener("keydown", yieldIf(scrollsByKey), { signal });
    addEventListener("pointerdown", yieldIf(isOnScrollBar), { signal });
  }

  yield() {
    // a glide swallows the wheel until it ends, so it is ended here
    if (this.on) window.scrollTo({ top: window.scrollY, behavior: "instant" });
    this.on = false;
    this.button.hidden = false;
  }

  /** From the next word on; `resume` goes to the present one at once. */
  attach() {
    this.on = true;
    this.button.hidden = true;
  }

  resume() {
    this.attach();
    if (this.last) this.word(this.last());
  }

  /** The word that is spoken now; by word and not by segment, since a long one is taller than the screen. */
  word(range) {
    const { top, bottom, height } = range.getBoundingClientRect();
    const inSight = height && top > window.innerHeight * 0.25 && bottom < window.innerHeight * 0.8;
    if (this.on && !inSight) scrollTo(range);
  }

  /** `makeRange()` makes the word's range, only if it is needed. */
  spoken(makeRange) {
    this.last = makeRange;
    if (this.on) this.word(makeRange());
  }
}

const scrollsByKey = (event) =>
  SCROLL_KEYS.has(event.key) && !event.target.closest("input, textarea, select");

const isOnScrollBar = (event) => event.clientX >= document.documentElement.clientWidth;
