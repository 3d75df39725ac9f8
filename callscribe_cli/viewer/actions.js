// The buttons of a call: try again, cancel, erase, share, download.

import * as api from "./api.js";
import { allows, config } from "./config.js";
import { askShare, confirm, tell } from "./dialogs.js";
import { el, notify } from "./dom.js";
import { count, moment, party } from "./format.js";
import { hasEnded } from "./states.js";

/** `again()` reads the call anew after something was done to it. */
export function actions(call, again) {
  const act = (name, task) => button(name, () => run(task, again));
  const kept = hasEnded(call) && !call.erasure;
  const scheduled = call.status === "scheduled";
  const retryable = call.recordings.some((recording) => recording.error?.retryable);
  return [
    allows("retry") && retryable ? act("Try again", () => retry(call)) : null,
    allows("cancel") && scheduled ? act("Cancel the call", () => cancel(call)) : null,
    allows("share") && kept ? act("Share", () => share(call)) : null,
    allows("share") && kept ? act("Links", () => links(call)) : null,
    allows("erase") && (kept || scheduled) ? act("Erase", () => erase(call)) : null,
  ].filter(Boolean);
}

function button(name, onclick) {
  return el(
    "button",
    { type: "button", id: `act-${name.toLowerCase().replaceAll(" ", "-")}`, onclick },
    name,
  );
}

async function run(task, again) {
  try {
    if (await task()) again();
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    const reasons = error.errors.map((one) => el("li", {}, `${one.field}: ${one.message}`));
    await tell("That did not work", el("p", {}, error.message), el("ul", {}, reasons));
  }
}

async function retry(call) {
  const { retried } = await api.retryCall(call.call_id);
  notify(`Trying again: ${retried.join(", ")}`);
  return true;
}

async function cancel(call) {
  const text = `The call to ${party(call)} will not be placed.`;
  if (!(await confirm("Cancel this call?", text, "Cancel the call"))) return false;
  await api.cancelCall(call.call_id);
  notify("The call is canceled.");
  return true;
}

async function erase(call) {
  const text = `The audio, the transcript and the numbers of the call with ${party(call)} are deleted here, at
    Twilio and at AssemblyAI. This cannot be undone.`;
  if (!(await confirm("Erase this call?", text, "Erase"))) return false;
  await api.eraseCall(call.call_id);
  notify("The call is being erased.");
  return true;
}

async function share(call) {
  const terms = await askShare();
  if (!terms) return false;
  const { url, expires_at: expires } = await api.shareCall(call.call_id, terms);
  const link = el("input", { type: "text", readonly: true, value: url, "aria-label": "Link" });
  link.addEventListener("focus", () => link.select());
  const copy = button("Copy", async () => {
    // a browser may forbid it
    const copied = await navigator.clipboard.writeText(url).then(
      () => true,
      () => false,
    );
    copy.textContent = copied ? "Copied" : "Copy it by hand";
    if (!copied) link.focus();
  });
  await tell(
    "The link",
    el("p", {}, link, " ", copy),
    el("p", {}, `It works until ${moment(expires)}, and is not shown again.`),
  );
  return false;
}

async function links(call) {
  const { shares } = await api.listShares(call.call_id);
  const list = el(
    "ul",
    {},
    shares.map((one) => shareItem(call, one)),
  );
  await tell("Links to this call", shares.length ? list : el("p", {}, "There is none."));
  return false;
}

function shareItem(call, one) {
  const used = one.last_used_at ? `, last used ${moment(one.last_used_at)}` : "";
  const item = el("li", {}, `Works until ${moment(one.expires_at)}, opened ${count(one.opened, "time")}${used} `);
  const revoke = button("Revoke", async () => {
    await api.revokeShare(call.call_id, one.share_id);
    item.replaceChildren("Revoked");
  });
  item.append(revoke);
  return item;
}

/** A menu of files: `<details>` needs no script. */
export function downloads(call, recordings, hasTranscript) {
  const files = [
    ...(hasTranscript
      ? config.formats.map((format) =>
          config.shared
            ? fileButton(format, () => saveTranscript(call, format))
            : fileLink(api.downloadUrl(call.call_id, format), call.call_id, format),
        )
      : []),
    ...recordings
      .filter((one) => one.audio_url)
      .map((one) =>
        config.shared
          ? fileButton(`Audio ${one.recording_sid}`, () => openAudio(call, one))
          : fileLink(`audio/${call.call_id}/${one.recording_sid}`, one.recording_sid, "wav"),
      ),
  ];
  if (!files.length) return [];
  const items = files.map((file) => el("li", {}, file));
  return el("details", { class: "downloads" }, el("summary", {}, "Download"), el("ul", {}, items));
}

function fileButton(name, save) {
  return el("button", { type: "button", onclick: () => run(save, () => {}) }, name);
}

async function saveTranscript(call, format) {
  const href = URL.createObjectURL(await api.fetchTranscript(format));
  el("a", { href, download: `${call.call_id}.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** By a link that was made just now: they last five minutes, and a page stays open for longer. */
async function openAudio(call, recording) {
  const href = await api.audioUrl(call.call_id, recording.recording_sid, 0);
  el("a", { href, target: "_blank", rel: "noopener noreferrer" }).click();
}

function fileLink(href, name, format) {
  return el("a", { href, download: `${name}.${format}` }, format === "wav" ? `Audio ${name}` : format);
}
