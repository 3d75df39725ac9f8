// Where the page begins: which view belongs to the address. A share page has one call and no other view.

import { showCall } from "./call.js";
import { showCalls } from "./calls.js";
import { config } from "./config.js";
import { notify } from "./dom.js";

const main = document.getElementById("main");
let view = new AbortController();

function route() {
  view.abort(); // ends the requests, listeners, lights and sounds of the view before
  view = new AbortController();
  notify("");
  const [path, query] = location.hash.slice(1).split("?");
  const asked = Object.fromEntries(new URLSearchParams(query));
  // which call a link is for, only the answer says
  const callId = config.shared ? "shared" : /^\/calls\/(\w+)$/.exec(path)?.[1];
  if (callId) showCall(main, { callId, at: Number(asked.at) || 0, query: asked.q ?? "" }, view.signal);
  else showCalls(main, { date: asked.date ?? "", status: asked.status ?? "", q: asked.q ?? "" }, view.signal);
}

/** The links of the list change the view without loading a page, so the focus is moved by hand. */
function moveFocus() {
  window.scrollTo(0, 0);
  main.focus();
}

// its address is a place on the page, but the part after # is the view
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  route();
  moveFocus();
});
route();
