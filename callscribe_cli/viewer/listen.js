// The audio and the transcript of a call, and what connects them: seeking, lighting, following, searching.

import { showHelp } from "./dialogs.js";
import { el, notify } from "./dom.js";
import { Finder } from "./finder.js";
import { Follow, scrollTo } from "./follow.js";
import { clock, spokenClock } from "./format.js";
import { bindKeys } from "./keys.js";
import { drawLanes } from "./lanes.js";
import { Player } from "./player.js";
import { Spoken } from "./spoken.js";
import { colorOf, segmentsOf, TranscriptView } from "./transcript.js";

const SKIP_MS = 10_000;
const ARROWS = { ArrowLeft: -5000, ArrowDown: -5000, ArrowRight: 5000, ArrowUp: 5000 };
const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2, 3];

/**
 * What the page shows of `transcript` (null: there is none) and of the recordings that have audio.
 * `at`: where to begin, in milliseconds; `query`: what to look for at once.
 */
export function listen({ callId, transcript, recordings, at, query }, signal) {
  const player = new Player(callId, partsOf(recordings, transcript));
  const follow = new Follow(signal);
  const go = (ms, how) => {
    follow.attach();
    player.seek(ms, how);
  };
  const view = new TranscriptView(transcript ? segmentsOf(transcript) : [], (ms) => go(ms, { play: true }));
  const spoken = new Spoken(view, (...place) => follow.spoken(() => view.liveRange(...place)));
  const finder = new Finder(view, (place) => {
    follow.yield();
    scrollTo(view.liveRange(...place));
  });

  player.addEventListener("frame", () => spoken.paint(player.ms), { signal });
  player.addEventListener(
    "failed",
    () => notify("The audio cannot be played: it is deleted, or out of reach."),
    {
      signal,
    },
  );
  signal.addEventListener("abort", () => [player, spoken, finder].forEach((one) => one.close()));
  bindKeys(bindings(player, finder), signal);
  const search = transcript ? finder.node : null;
  const bar = el(
    "section",
    { class: "bar", "aria-label": "Player" },
    player.audio,
    playerBar(player, view),
    search,
  );
  keepClear(bar, signal);
  const begin = () => {
    if (query) finder.search(query, at);
    if (at) go(at);
  };
  return { nodes: [bar, legend(view), view.node, follow.button], begin };
}

/** Recordings on the call's clock; without a transcript, which knows better, one after the other. */
function partsOf(recordings, transcript) {
  let next = 0;
  const parts = recordings.map((recording) => {
    const known = transcript?.recordings.find((one) => one.recording_sid === recording.recording_sid);
    const offsetMs = known?.offset_ms ?? next;
    const seconds = Math.max(recording.duration_seconds ?? 0, known?.audio_duration_seconds ?? 0);
    next = Math.max(offsetMs + seconds * 1000, known?.segments.at(-1)?.end_ms ?? 0);
    return { recording_sid: recording.recording_sid, offsetMs, endMs: next, url: recording.audio_url };
  });
  return parts
    .filter((part) => part.url && part.endMs > part.offsetMs)
    .sort((a, b) => a.offsetMs - b.offsetMs);
}

function bindings(player, finder) {
  const toggle = () => player.toggle();
  return {
    " ": toggle,
    k: toggle,
    j: () => player.skip(-SKIP_MS),
    l: () => player.skip(SKIP_MS),
    "/": () => finder.focus(),
    "?": showHelp,
  };
}

function playerBar(player, view) {
  const help = el("button", { type: "button", onclick: showHelp, "aria-label": "Keyboard" }, "?");
  if (!player.parts.length) return el("p", { class: "controls" }, "There is no audio to play. ", help);
  const play = el("button", { type: "button", class: "play", onclick: () => player.toggle() });
  const back = skipButton(player, -SKIP_MS, "−10 s", "Ten seconds back");
  const on = skipButton(player, SKIP_MS, "+10 s", "Ten seconds on");
  const time = el("span", { class: "clock" });
  const slider = seekSlider(player);
  const update = () => {
    play.textContent = player.playing ? "Pause" : "Play";
    time.textContent = `${clock(player.ms)} / ${clock(player.durationMs)}`;
    slider.value = player.ms / 1000;
    slider.setAttribute("aria-valuetext", `${spokenClock(player.ms)} of ${spokenClock(player.durationMs)}`);
  };
  player.addEventListener("change", update);
  update();
  const lanes = drawLanes(view.segments, view.voices, player.durationMs);
  return [
    el("div", { class: "controls" }, play, back, on, time, rateSelect(player), help),
    el("div", { class: "seek" }, lanes, slider),
  ];
}

function skipButton(player, ms, text, name) {
  return el("button", { type: "button", onclick: () => player.skip(ms), "aria-label": name }, text);
}

function seekSlider(player) {
  const slider = el("input", {
    type: "range",
    min: 0,
    max: player.durationMs / 1000,
    step: 0.1,
    "aria-label": "Position",
  });
  slider.addEventListener("input", () => player.seek(slider.value * 1000));
  // the browser's own steps are a tenth of a second
  slider.addEventListener("keydown", (event) => {
    const ms = ARROWS[event.key];
    if (!ms) return;
    event.preventDefault();
    player.skip(ms);
  });
  return slider;
}

function rateSelect(player) {
  const options = RATES.map((rate) => el("option", { value: rate, selected: rate === 1 }, `${rate}×`));
  const select = el(
    "select",
    { "aria-label": "Speed", onchange: () => (player.rate = Number(select.value)) },
    options,
  );
  return select;
}

/** Whose color is whose; the names stand in the transcript too, so that color is never alone. */
function legend(view) {
  if (view.voices.length < 2) return [];
  const names = view.voices.map((voice, number) =>
    el("li", { class: colorOf(number), dir: "auto" }, voice.name),
  );
  return el("ul", { class: "legend", "aria-label": "Speakers" }, names);
}

/** The bar stays at the top; whatever is scrolled to or focused must not end up behind it. */
function keepClear(bar, signal) {
  const root = document.documentElement;
  const observer = new ResizeObserver(() => (root.style.scrollPaddingTop = `${bar.offsetHeight + 8}px`));
  observer.observe(bar);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    root.style.scrollPaddingTop = "";
  });
}
