// Questions before something that cannot be undone, and the other small windows: the browser's own <dialog>,
// which keeps the focus inside, closes on Escape and returns the focus.

import { el } from "./dom.js";
import { shortcuts } from "./keys.js";

function open(title, content, buttons) {
  const heading = el("h2", { id: "dialog-title" }, title);
  const form = el("form", { method: "dialog" }, heading, content, el("p", { class: "buttons" }, buttons));
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

const closing = (text, value = "") => el("button", { value }, text);

/** Whether the answer is yes; the focus is on the harmless answer. */
export async function confirm(title, text, yes) {
  const harmless = el("button", { value: "", autofocus: true }, "Cancel");
  return (
    (await open(title, el("p", {}, text), [
      harmless,
      el("button", { value: "yes", class: "danger" }, yes),
    ])) === "yes"
  );
}

export function tell(title, ...content) {
  return open(title, content, [closing("Close")]);
}

/** `{expires_in_hours, show_numbers}`, or null. */
export async function askShare() {
  const days = el("input", { type: "number", id: "share-days", min: 1, max: 30, value: 7, required: true });
  const numbers = el("input", { type: "checkbox", id: "share-numbers" });
  const content = [
    el("p", {}, "Whoever has the link can read the transcript and hear the audio, without an account."),
    el("p", {}, el("label", { for: "share-days" }, "Days until it expires "), days),
    el("p", {}, numbers, el("label", { for: "share-numbers" }, " Show the phone numbers")),
  ];
  const cancel = el("button", { value: "", formnovalidate: true }, "Cancel");
  const answer = await open("Share this call", content, [cancel, closing("Make a link", "yes")]);
  return answer === "yes"
    ? { expires_in_hours: 24 * Number(days.value), show_numbers: numbers.checked }
    : null;
}

const KEYS = [
  ["Space, K", "Play or pause"],
  ["J", "Ten seconds back"],
  ["L", "Ten seconds on"],
  ["/", "Search"],
  ["Enter, Shift+Enter", "In the search: the next or the previous hit"],
  ["?", "This list"],
];

export function showHelp() {
  const box = el("input", {
    type: "checkbox",
    id: "shortcuts",
    onchange: () => (shortcuts.on = box.checked),
  });
  box.checked = shortcuts.on;
  const rows = KEYS.map(([keys, does]) => el("tr", {}, el("th", { scope: "row" }, keys), el("td", {}, does)));
  return tell(
    "Keyboard",
    el("table", { class: "keys" }, el("tbody", {}, rows)),
    el("p", {}, "A click on a word plays from that word."),
    el("p", {}, box, el("label", { for: "shortcuts" }, " Shortcuts of a single key are on")),
  );
}
