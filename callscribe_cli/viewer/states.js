// The states of calls (docs/api.md), and what follows from them.

import { el } from "./dom.js";
import { label } from "./format.js";

export const STATUSES = [
  "scheduled",
  "placing",
  "unknown",
  "queued",
  "initiated",
  "ringing",
  "in-progress",
  "completed",
  "busy",
  "no-answer",
  "failed",
  "canceled",
  "erasing",
  "erased",
];

const ENDED = new Set(["completed", "busy", "no-answer", "failed", "canceled", "erased"]);

export const hasEnded = (call) => ENDED.has(call.status);

/** Whether it changes within seconds, its transcript included; a scheduled call does not. */
export const isUnderWay = (call) =>
  call.status !== "scheduled" && (!hasEnded(call) || call.transcript_status === "pending");

export function statusBadge(status) {
  return el("span", { class: `status ${status}` }, label(status));
}
