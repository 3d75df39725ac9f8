// The parts of the viewer that need no browser, on their own: `node --test tests/viewer`.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { SourceTextModule } from "node:vm";

import { findIn, MOST_HITS } from "../../callscribe_cli/viewer/find.js";
import { clock, languageTag, spokenClock } from "../../callscribe_cli/viewer/format.js";
import {
  buildTracks,
  entryAt,
  hasWords,
  lastNotAfter,
  timeOfOffset,
  voicesOf,
  wordSpans,
} from "../../callscribe_cli/viewer/timeline.js";

function segment(text, words, changes = {}) {
  const [start, end] = [words[0]?.[0] ?? 0, words.at(-1)?.[1] ?? 1000];
  return {
    start_ms: start,
    end_ms: end,
    channel: "1",
    speaker: "1",
    speaker_name: "Channel 1",
    text,
    words,
    ...changes,
  };
}

const spoken = (track, ms) => {
  const entry = entryAt(track, ms);
  return entry < 0 ? null : [track.segments[entry], track.words[entry]];
};

test("words are the runs of what is not white space", () => {
  assert.deepEqual(wordSpans("  Hello,\u00a0you \n there"), [
    [2, 8],
    [9, 12],
    [15, 20],
  ]);
  assert.deepEqual(wordSpans(" "), []);
});

test("a segment has words only if each run has its time", () => {
  assert.ok(
    hasWords(
      segment("one two", [
        [0, 80, 1],
        [400, 480, null],
      ]),
    ),
  );
  assert.ok(
    !hasWords(
      segment("one two three", [
        [0, 80, 1],
        [400, 480, 1],
      ]),
    ),
  );
  assert.ok(!hasWords({ text: "one two" }));
  assert.ok(!hasWords(segment("", [])));
});

test("a word is lit until the next one of its channel, and not over a long silence", () => {
  const [track] = buildTracks([
    segment("one two", [
      [100, 180, 1],
      [400, 480, 1],
    ]),
    segment("late", [[9000, 9080, 1]]),
  ]);
  assert.equal(spoken(track, 99), null);
  assert.deepEqual(spoken(track, 100), [0, 0]);
  assert.deepEqual(spoken(track, 399), [0, 0]);
  assert.deepEqual(spoken(track, 400), [0, 1]);
  assert.deepEqual(spoken(track, 1979), [0, 1]);
  assert.equal(spoken(track, 1980), null);
  assert.deepEqual(spoken(track, 9000), [1, 0]);
});

test("channels are lit beside each other", () => {
  const tracks = buildTracks([
    segment("you hear", [
      [0, 80, 1],
      [500, 580, 1],
    ]),
    segment(
      "me too",
      [
        [40, 120, 1],
        [600, 680, 1],
      ],
      { channel: "2" },
    ),
  ]);
  assert.deepEqual(
    tracks.map((track) => track.channel),
    ["1", "2"],
  );
  assert.deepEqual(
    tracks.map((track) => spoken(track, 520)),
    [
      [0, 1],
      [1, 0],
    ],
  );
});

test("without words the whole segment is lit, from its begin to its end", () => {
  const [track] = buildTracks([{ start_ms: 100, end_ms: 900, channel: null, text: "one two" }]);
  assert.equal(spoken(track, 99), null);
  assert.deepEqual(spoken(track, 899), [0, -1]);
  assert.equal(spoken(track, 900), null);
});

test("segments that overlap and come out of order are found by time all the same", () => {
  const [track] = buildTracks([
    segment("b c", [
      [300, 700, 1],
      [500, 580, 1],
    ]),
    segment("a", [[0, 80, 1]]),
  ]);
  assert.deepEqual(
    [0, 299, 300, 499, 500].map((ms) => spoken(track, ms)?.join()),
    ["1,0", "1,0", "0,0", "0,0", "0,1"],
  );
});

test("the binary search agrees with a plain one", () => {
  const sorted = [0, 0, 3, 7, 7, 7, 12];
  for (let wanted = -1; wanted < 14; wanted++) {
    assert.equal(
      lastNotAfter(sorted, wanted),
      sorted.findLastIndex((number) => number <= wanted),
    );
  }
});

test("a click finds the time of the word under it, and of the word before a blank", () => {
  const one = segment("one two three", [
    [100, 180, 1],
    [400, 480, 1],
    [700, 780, 1],
  ]);
  assert.deepEqual(
    [0, 2, 3, 4, 6, 8, 13].map((offset) => timeOfOffset(one, offset)),
    [100, 100, 100, 400, 400, 700, 700],
  );
  assert.equal(timeOfOffset({ text: "one two", start_ms: 55 }, 5), 55);
});

test("voices are channels and speakers, in the order in which they begin", () => {
  const segments = [
    segment("a", []),
    segment("b", [], { speaker: "1B", speaker_name: null }),
    segment("c", []),
  ];
  assert.deepEqual(
    voicesOf(segments).map((voice) => voice.name),
    ["Channel 1", "Speaker"],
  );
});

test("search takes what is typed literally, whatever its case and white space", () => {
  const texts = [
    "The REFUND, please.",
    "a.b a+b don't",
    "two  words\u00a0here",
    "Straße ΣΊΣΥΦΟΣ",
    "شكرا جزيلا",
    "电话",
  ];
  assert.deepEqual(findIn(texts, "refund"), [[0, 4, 10]]);
  assert.deepEqual(findIn(texts, "a+b"), [[1, 4, 7]]);
  assert.deepEqual(findIn(texts, "a.b"), [[1, 0, 3]]);
  assert.deepEqual(findIn(texts, "two words here"), [[2, 0, 15]]);
  assert.deepEqual(findIn(texts, "don't"), [[1, 8, 13]]);
  assert.deepEqual(findIn(texts, "σίσυφος"), [[3, 7, 14]]);
  assert.deepEqual(findIn(texts, "جزيلا"), [[4, 5, 10]]);
  assert.deepEqual(findIn(texts, "电"), [[5, 0, 1]]);
  for (const nothing of ["", "  ", "e", "\\"]) assert.deepEqual(findIn(texts, nothing), []);
  for (const odd of ["[", "(", ")", "{2}", "*", "?", "|", "^", "$", "/", "-"]) findIn(texts, odd);
});

test("hits are limited", () => {
  assert.equal(findIn(Array(3000).fill("ab"), "ab").length, MOST_HITS);
});

test("times are read and heard", () => {
  assert.deepEqual([0, 65_999, 3_723_000, -5].map(clock), ["0:00", "1:05", "1:02:03", "0:00"]);
  assert.deepEqual([0, 1000, 65_000, 3_602_000].map(spokenClock), [
    "0 seconds",
    "1 second",
    "1 minute 5 seconds",
    "1 hour 2 seconds",
  ]);
});

test("languages are tags of HTML", () => {
  assert.deepEqual(["en_us", "ar", "pt-BR", null, ""].map(languageTag), ["en-US", "ar", "pt-BR", null, null]);
});

test("every module is one", () => {
  const folder = new URL("../../callscribe_cli/viewer/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".js"));
  assert.ok(names.length > 15);
  for (const name of names)
    new SourceTextModule(readFileSync(new URL(name, folder), "utf8"), { identifier: name });
});
