// Who speaks when: a lane for each voice, drawn from the segments. One path for each voice, so that 2,000
// segments are a handful of elements, and the colors are the style sheet's.

import { svg } from "./dom.js";
import { colorOf } from "./transcript.js";
import { voiceKey } from "./timeline.js";

/** Further voices share the last lane: more would be too thin to see. */
const MOST_LANES = 6;

export function drawLanes(segments, voices, durationMs) {
  const lanes = Math.max(1, Math.min(voices.length, MOST_LANES));
  const lines = voices.slice(0, lanes).map(() => []);
  const laneOf = new Map(voices.map((voice, number) => [voice.key, Math.min(number, lanes - 1)]));
  for (const segment of segments) lines[laneOf.get(voiceKey(segment))].push(bar(segment, durationMs));
  return svg(
    "svg",
    { class: "lanes", viewBox: `0 0 1000 ${lanes * 10}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    lines.map((bars, lane) =>
      svg("path", { class: colorOf(lane), d: bars.join(""), transform: `translate(0 ${lane * 10 + 1})` }),
    ),
  );
}

/** At least one thousandth of the width, or short answers would not be seen on a long call. */
function bar(segment, durationMs) {
  const x = (segment.start_ms / durationMs) * 1000;
  const width = Math.max(1, ((segment.end_ms - segment.start_ms) / durationMs) * 1000);
  return `M${x.toFixed(1)} 0h${width.toFixed(1)}v8h-${width.toFixed(1)}z`;
}
