// What happened to a call, and what went wrong.

import { el } from "./dom.js";
import { count, direction, label, moment, spokenClock } from "./format.js";

/** The call's and its recordings' errors; each says whether another try may help. */
export function errorList(call) {
  const errors = [
    ["The call", call.error],
    ...call.recordings.map((recording) => [`Recording ${recording.recording_sid}`, recording.error]),
  ].filter(([, error]) => error);
  if (!errors.length) return [];
  const items = errors.map(([subject, error]) =>
    el(
      "li",
      {},
      el("b", {}, `${subject}: `),
      error.message || label(error.code),
      " ",
      el("code", {}, error.code),
      error.retryable ? " Another try may help." : "",
    ),
  );
  return el(
    "section",
    { class: "errors", "aria-labelledby": "errors" },
    el("h2", { id: "errors" }, "Errors"),
    el("ul", {}, items),
  );
}

/** Everything that has a time, in the order in which it happened. */
export function historyOf(call) {
  const { consent, cancellation, erasure } = call;
  const events = [
    [call.created_at, "Requested"],
    [call.place_at, "To be placed"],
    [call.placed_at, "Placed"],
    [consent?.announced_at, "Recording announced"],
    [consent?.answered_at, `Consent: ${consent?.status}`],
    [call.answered_at, call.answered_by ? `Answered by ${call.answered_by}` : "Answered"],
    [call.ended_at, `Ended: ${label(call.status).toLowerCase()}`],
    ...call.recordings.flatMap(recordingEvents),
    [cancellation?.canceled_at, `Canceled by ${cancellation?.canceled_by}`],
    [erasure?.asked_at, `Erasure requested by ${erasure?.asked_by}`],
    [erasure?.erased_at, "Erased"],
  ];
  // Twilio's times are whole seconds: within one, things happen in the order above
  return events.filter(([at]) => at).sort(([a], [b]) => second(a).localeCompare(second(b)));
}

const second = (at) => at.slice(0, 19);

function recordingEvents(recording) {
  const tries = recording.attempts > 1 ? `, ${count(recording.attempts, "attempt")}` : "";
  return [
    [recording.started_at, "Recording began"],
    [recording.updated_at, `Recording: ${recording.status}${tries}`],
  ];
}

export function details(call) {
  return [
    el("h2", {}, "History"),
    el(
      "ol",
      { class: "history" },
      historyOf(call).map(([at, what]) => el("li", {}, el("time", { datetime: at }, moment(at)), " ", what)),
    ),
    el("h2", {}, "Details"),
    el(
      "dl",
      {},
      facts(call).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, value))),
    ),
  ];
}

function facts(call) {
  const recording = call.recordings.find((one) => one.language_code) ?? {};
  const rows = [
    ["From", call.from_number],
    ["To", call.to_number],
    ["Direction", direction(call)],
    ["Mode", call.mode && label(call.mode)],
    ["Duration", call.duration_seconds && spokenClock(call.duration_seconds * 1000)],
    ["Prompt", call.say],
    ["Language", recording.language_code],
    ["Confidence", recording.confidence && `${Math.round(recording.confidence * 100)} %`],
    ["Speech model", recording.speech_model_used],
    ["Call ID", call.call_id],
    ["Link expires", moment(call.link_expires_at)],
    ["Twilio's SID", call.call_sid],
    ...Object.entries(call.metadata ?? {}),
  ];
  return rows.filter(([, value]) => value);
}
