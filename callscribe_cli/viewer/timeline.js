// Which word is spoken when. No DOM in here: tests/viewer/timeline.test.mjs runs it by itself.
//
// `GET /calls/{call_id}/transcript?words=true` is `{call_id, recordings: [{recording_sid, offset_ms,
// language_code, audio_duration_seconds, segments}]}`, and a segment is
//   {start_ms, end_ms, speaker, channel, speaker_name, text, confidence,
//    words: [[start_ms, end_ms, confidence or null], …]}
// Times are whole milliseconds on the call's clock, a recording's offset_ms included. words[n] is the n-th
// run of characters other than white space in `text`. A segment whose `words` are missing, or are not as many
// as the runs in its text (languages without spaces), is lit as a whole.

/** After this silence a word is no longer "being spoken", however far the next one is. */
const LONGEST_HOLD_MS = 1500;

/** Positions `[start, end]` of the words in `text`. */
export function wordSpans(text) {
  return Array.from(text.matchAll(/\S+/g), (match) => [match.index, match.index + match[0].length]);
}

/** Whether each word of the segment has its own time. */
export function hasWords(segment) {
  const words = segment.words?.length ?? 0;
  return words > 0 && words === wordSpans(segment.text).length;
}

/**
 * One track for each channel, because on a call with two channels two words are spoken at once. Parallel
 * arrays sorted by start: `segments[i]` and `words[i]` (-1: the whole segment) are spoken from `starts[i]` on.
 */
export function buildTracks(segments) {
  const tracks = new Map();
  segments.forEach((segment, index) => {
    const channel = segment.channel ?? "";
    if (!tracks.has(channel)) tracks.set(channel, []);
    tracks.get(channel).push(...entries(segment, index));
  });
  return [...tracks].sort(([a], [b]) => a.localeCompare(b)).map(([channel, list]) => track(channel, list));
}

function entries(segment, index) {
  if (!hasWords(segment)) return [[segment.start_ms, segment.end_ms, index, -1]];
  return segment.words.map(([start, end], word) => [start, end, index, word]);
}

function track(channel, list) {
  list.sort((a, b) => a[0] - b[0]);
  return {
    channel,
    starts: Float64Array.from(list, (entry) => entry[0]),
    // real words of a call last about 80 ms: each is lit until its channel's next one
    untils: Float64Array.from(list, (entry, i) => until(entry, list[i + 1])),
    segments: Int32Array.from(list, (entry) => entry[2]),
    words: Int32Array.from(list, (entry) => entry[3]),
  };
}

function until([, end, , word], next) {
  const held = word < 0 ? end : end + LONGEST_HOLD_MS;
  return next ? Math.min(held, next[0]) : held;
}

/** The entry of `track` that is spoken at `ms`, or -1. */
export function entryAt(track, ms) {
  const index = lastNotAfter(track.starts, ms);
  return index >= 0 && ms < track.untils[index] ? index : -1;
}

/** The position of the last number that is not greater than `wanted`, or -1. */
export function lastNotAfter(sorted, wanted) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** When the character at `offset` of the segment's text is spoken: its word's begin. */
export function timeOfOffset(segment, offset) {
  if (!hasWords(segment)) return segment.start_ms;
  const starts = wordSpans(segment.text).map(([start]) => start);
  return segment.words[Math.max(0, lastNotAfter(starts, offset))][0];
}

/** The voices of a call in the order in which they begin: `{key, name}`. */
export function voicesOf(segments) {
  const voices = new Map();
  for (const segment of segments) {
    const key = voiceKey(segment);
    if (!voices.has(key)) voices.set(key, { key, name: segment.speaker_name || "Speaker" });
  }
  return [...voices.values()];
}

export function voiceKey(segment) {
  return `${segment.channel ?? ""}/${segment.speaker ?? ""}`;
}
