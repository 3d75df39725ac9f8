// The audio of a call: one <audio> element, one recording after the other, on the call's clock.

import { audioUrl } from "./api.js";

/** Fresh links in a row that lead to no sound, before the player gives up. */
const MOST_RENEWALS = 3;

export class Player extends EventTarget {
  part = null;
  /** Where the call stands while no part is open. */
  restMs = 0;
  /** Where the part begins once it is open, in seconds; null while it is open. */
  startAt = null;
  playWhenOpen = false;
  renewals = 0;

  /** `parts`: `{recording_sid, offsetMs, endMs}` in order; those without audio are left out. */
  constructor(callId, parts) {
    super();
    this.callId = callId;
    this.parts = parts;
    this.audio = document.createElement("audio");
    this.audio.preload = "metadata";
    this.audio.addEventListener("error", () => this.#renew());
    this.audio.addEventListener("canplay", () => (this.renewals = 0));
    this.audio.addEventListener("ended", () => this.#next());
    for (const event of ["play", "playing"]) this.audio.addEventListener(event, () => this.#run());
    for (const event of ["play", "pause", "seeked", "timeupdate"]) {
      this.audio.addEventListener(event, () => this.#tell());
    }
  }

  get ms() {
    if (!this.part) return this.restMs;
    // while a recording is being opened, the element does not yet know where it will begin
    return this.part.offsetMs + (this.startAt ?? this.audio.currentTime) * 1000;
  }

  get durationMs() {
    return this.parts.at(-1)?.endMs ?? 0;
  }

  get playing() {
    return !this.audio.paused;
  }

  set rate(rate) {
    // the element falls back to the default rate whenever its source changes
    this.audio.defaultPlaybackRate = this.audio.playbackRate = rate;
  }

  toggle() {
    if (this.playing) this.audio.pause();
    else this.#start();
  }

  skip(ms) {
    this.seek(this.ms + ms);
  }

  /** To a moment of the call; between two recordings, to the begin of the next. */
  seek(ms, { play = false } = {}) {
    const part = this.parts.find((one) => ms < one.endMs) ?? this.parts.at(-1);
    if (!part) return;
    const seconds = Math.max(0, Math.min(ms, part.endMs) - part.offsetMs) / 1000;
    if (part !== this.part) this.#open(part, seconds, play || this.playing);
    else {
      if (this.startAt === null) this.audio.currentTime = seconds;
      else this.startAt = seconds;
      if (play) this.#start();
    }
    this.#tell();
  }

  close() {
    this.part = null;
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  #start() {
    if (!this.part) this.seek(this.restMs, { play: true });
    else if (!this.audio.src) this.playWhenOpen = true;
    // an interrupted start is no failure: the source changed meanwhile, or the page was left
    else this.audio.play().catch(() => this.#tell());
  }

  async #open(part, seconds, play) {
    this.part = part;
    this.startAt = seconds;
    this.playWhenOpen = play;
    this.audio.pause();
    this.audio.removeAttribute("src");
    const opening = (this.opening = Symbol(part.recording_sid));
    const url = await audioUrl(this.callId, part.recording_sid, this.renewals).catch(() => null);
    if (opening !== this.opening || this.part !== part) return;
    if (!url) return this.#fail();
    this.audio.addEventListener("loadedmetadata", () => this.#begin(opening), { once: true });
    this.audio.src = url;
    if (this.playWhenOpen) this.#start();
  }

  #begin(opening) {
    if (opening !== this.opening) return;
    if (this.startAt) this.audio.currentTime = this.startAt;
    this.startAt = null;
    this.#tell();
  }

  /**
   * The link to the bucket expires after five minutes, which shows at the next seek, and a redirect does not
   * help: browsers keep asking the address they were led to. So the source is set anew, at the same place.
   */
  #renew() {
    if (!this.part) return;
    if (++this.renewals > MOST_RENEWALS) return this.#fail();
    const seconds = this.startAt ?? this.audio.currentTime;
    this.#open(this.part, seconds, this.playing);
  }

  #fail() {
    this.restMs = this.ms;
    this.part = null; // so that the next try begins with a fresh link
    this.renewals = 0;
    this.dispatchEvent(new Event("failed"));
  }

  #next() {
    const part = this.parts[this.parts.indexOf(this.part) + 1];
    if (part) this.#open(part, 0, true);
  }

  /** One event for each frame of the screen while it plays: that is as exact as a light can be. */
  #run() {
    cancelAnimationFrame(this.frame);
    const tick = () => {
      if (!this.playing) return;
      this.dispatchEvent(new Event("frame"));
      this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("frame"));
  }
}
