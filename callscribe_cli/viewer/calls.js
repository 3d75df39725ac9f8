// The list of calls, with filters. It asks again and again, so that what changes is seen to change.

import * as api from "./api.js";
import { config } from "./config.js";
import { el, notify } from "./dom.js";
import { clock, direction, label, moment, party } from "./format.js";
import { showHits } from "./hits.js";
import { bindKeys } from "./keys.js";
import { showHelp } from "./dialogs.js";
import { poll } from "./poll.js";
import { isUnderWay, statusBadge, STATUSES } from "./states.js";

// the class of a column's cells, and its head
const COLUMNS = [
  ["when", "When"],
  ["with", "With"],
  ["direction", "Direction"],
  ["state", "Status"],
  ["text", "Transcript"],
  ["duration", "Duration"],
];
const BUSY_MS = 3000;
const QUIET_MS = 15_000;

export function showCalls(main, filters, signal) {
  const page = new CallsPage(main, filters, signal);
  poll(() => page.update(), signal);
}

class CallsPage {
  /** From a call's ID to its row, which is changed in place: the focus and the selection stay. */
  rows = new Map();
  cursor = null;

  constructor(main, filters, signal) {
    Object.assign(this, { filters, signal });
    document.title = "Calls - callscribe";
    this.body = el("tbody");
    this.empty = el("p", { hidden: true }, "No calls.");
    this.more = el("button", { type: "button", hidden: true, onclick: () => this.#more() }, "Show more");
    this.results = el("div", { class: "results" });
    const search = searchForm(filters, (text) => this.#search(text));
    main.replaceChildren(
      el(
        "header",
        { class: "head" },
        el("h1", { tabindex: -1 }, "Calls"),
        config.stack ? el("p", { class: "stack" }, config.stack) : "",
      ),
      el("div", { class: "filters" }, search, filterForm(filters)),
      this.results,
      this.#table(),
      this.empty,
      this.more,
    );
    bindKeys({ "/": () => search.elements.q.focus(), "?": showHelp }, signal);
    if (filters.q) this.#search(filters.q);
  }

  async update() {
    try {
      const page = await api.listCalls(this.#query(), this.signal);
      // the pages behind the first one stay as they were read: what happens, happens to new calls
      if (!this.rows.size) this.#showCursor(page.next_cursor);
      this.#merge(page.calls);
      notify("");
      return page.calls.some(isUnderWay) ? BUSY_MS : QUIET_MS;
    } catch (error) {
      if (error.name === "AbortError") return null;
      if (!(error instanceof api.Problem)) throw error;
      notify(error.message);
      return error.status === 400 ? null : (error.retryAfterMs ?? QUIET_MS);
    }
  }

  #query() {
    return { date: this.filters.date, status: this.filters.status };
  }

  #table() {
    const cells = COLUMNS.map(([name, head]) => el("th", { scope: "col", class: name }, head));
    const caption = el("caption", { class: "unseen" }, "Calls, newest first");
    return (this.table = el(
      "table",
      { class: "calls" },
      caption,
      el("thead", {}, el("tr", {}, cells)),
      this.body,
    ));
  }

  async #more() {
    try {
      const page = await api.listCalls({ ...this.#query(), cursor: this.cursor }, this.signal);
      this.#showCursor(page.next_cursor);
      const first = this.#merge(page.calls);
      first?.querySelector("a").focus();
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      notify(error.message);
    }
  }

  #showCursor(cursor) {
    this.cursor = cursor;
    this.more.hidden = !cursor;
  }

  /** Newest first, wherever the rows came from; returns the first new row. */
  #merge(calls) {
    let first;
    for (const call of calls) {
      const known = this.rows.get(call.call_id);
      if (known) known.update(call);
      else {
        const row = makeRow(call);
        this.rows.set(call.call_id, row);
        this.#filter(row);
        this.body.insertBefore(row.node, this.#olderThan(call));
        first ??= row.node;
      }
    }
    this.empty.hidden = this.rows.size > 0;
    return first;
  }

  #olderThan(call) {
    for (const node of this.body.children) if (node.dataset.created < call.created_at) return node;
    return null;
  }

  async #search(text) {
    this.filters.q = text;
    // in the address, so that the way back from a call leads to what was found
    history.replaceState(null, "", address(this.filters));
    if (config.search) await showHits(this.results, text, this.signal);
    else for (const row of this.rows.values()) this.#filter(row);
    this.table.hidden = this.more.hidden = config.search && text !== "";
    this.more.hidden ||= !this.cursor;
  }

  #filter(row) {
    row.node.hidden = !config.search && !row.text.includes(this.filters.q.toLowerCase());
  }
}

/** Where the list is with these filters. */
function address(filters) {
  const chosen = Object.entries(filters).filter(([, value]) => value);
  return `#/calls${chosen.length ? "?" : ""}${new URLSearchParams(chosen)}`;
}

function makeRow(call) {
  const node = el("tr", { "data-created": call.created_at });
  const row = { node, text: "", update };
  let last;
  function update(newest) {
    const text = JSON.stringify(newest);
    if (text === last) return;
    last = text;
    row.text = text.toLowerCase();
    const focused = node.contains(document.activeElement);
    node.replaceChildren(...cellsOf(newest));
    if (focused) node.querySelector("a").focus();
  }
  update(call);
  return row;
}

function cellsOf(call) {
  const link = el("a", { href: `#/calls/${call.call_id}` }, el("bdi", {}, party(call)));
  const error = call.error ? el("span", { class: "code" }, ` ${call.error.code}`) : null;
  return [
    el("td", { class: "when" }, el("time", { datetime: call.created_at }, moment(call.created_at))),
    el("td", { class: "with" }, link),
    el("td", { class: "direction" }, direction(call)),
    el("td", { class: "state" }, statusBadge(call.status), error),
    el("td", { class: "text" }, label(call.transcript_status)),
    el(
      "td",
      { class: "duration" },
      call.duration_seconds === null ? "" : clock(call.duration_seconds * 1000),
    ),
  ];
}

function searchForm(filters, search) {
  const name = config.search ? "Search in all transcripts" : "Filter the calls shown";
  const input = el("input", { type: "search", name: "q", id: "q", value: filters.q, autocomplete: "off" });
  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(input.value.trim()), 200);
  };
  const submit = (event) => {
    event.preventDefault();
    search(input.value.trim());
  };
  return el(
    "form",
    { role: "search", onsubmit: submit, oninput: later },
    el("label", { for: "q" }, name),
    input,
  );
}

/** The filters are in the address, so that the browser's own back button knows them. */
function filterForm(filters) {
  const options = STATUSES.map((status) =>
    el("option", { value: status, selected: status === filters.status }, label(status)),
  );
  const status = el("select", { id: "status" }, el("option", { value: "" }, "Any status"), options);
  const date = el("input", { type: "date", id: "date", min: "2026-01-01", value: filters.date });
  const apply = () => {
    location.hash = address({ date: date.value, status: status.value, q: filters.q });
  };
  return el(
    "form",
    { onchange: apply, onsubmit: (event) => event.preventDefault() },
    el("span", {}, el("label", { for: "date" }, "Day (UTC)"), date),
    el("span", {}, el("label", { for: "status" }, "Status"), status),
  );
}
