// Every request that the page makes. The paths are those of docs/api.md behind "api/", which the server
// forwards; a share page has three addresses of its own instead.

import { config } from "./config.js";

/** The API's `application/problem+json`, or what stands in for it when the server is not reached. */
export class Problem extends Error {
  constructor(status, document, retryAfter) {
    super(document.detail || document.title || document.message || `HTTP ${status}`);
    this.status = status;
    this.type = String(document.type ?? "").replace("urn:callscribe:problem:", "");
    this.errors = document.errors ?? [];
    this.retryAfterMs = retryAfter ? Number(retryAfter) * 1000 : null;
  }
}

/** The answer as JSON; null where there is none. */
async function request(url, options) {
  const response = await ask(url, options);
  return response.json().catch(() => null);
}

async function ask(url, { method = "GET", query = {}, body, signal } = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const target = given.length ? `${url}?${new URLSearchParams(given)}` : url;
  const init = { method, signal, credentials: "omit", headers: { ...authorization() } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  const response = await reach(target, init);
  if (response.ok) return response;
  const document = await response.json().catch(() => ({}));
  throw new Problem(response.status, document, response.headers.get("Retry-After"));
}

/** A share page's own address ends in "#" and a token, which goes into no address that is sent. */
function authorization() {
  return config.shared ? { Authorization: `Bearer ${location.hash.slice(1).split("?")[0]}` } : {};
}

async function reach(target, init) {
  try {
    return await fetch(target, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const detail = "The connection is lost. Is callscribe still running?";
    throw new Problem(0, { detail });
  }
}

const callUrl = (callId, rest = "") => `api/calls/${callId}${rest}`;

export const listCalls = (query, signal) => request("api/calls", { query, signal });

export const getCall = (callId, signal) => request(config.urls?.call ?? callUrl(callId), { signal });

export const getRecordings = (callId, signal) =>
  request(config.urls?.recordings ?? callUrl(callId, "/recordings"), { signal });

/** With words (timeline.js says how they look); an API without them answers with segments alone. */
export const getTranscript = (callId, signal) =>
  request(config.urls?.transcript ?? callUrl(callId, "/transcript"), { query: { words: "true" }, signal });

export const retryCall = (callId) => request(callUrl(callId, "/retry"), { method: "POST" });
export const cancelCall = (callId) => request(callUrl(callId, "/cancel"), { method: "POST" });
export const eraseCall = (callId) => request(callUrl(callId), { method: "DELETE" });

/** `{expires_in_hours, show_numbers}` → `{share_id, url, expires_at}`; the url cannot be read again. */
export const shareCall = (callId, terms) =>
  request(callUrl(callId, "/shares"), { method: "POST", body: terms });

/** `{shares: [{share_id, created_at, expires_at, opened, last_used_at, …}]}` */
export const listShares = (callId) => request(callUrl(callId, "/shares"));

export const revokeShare = (callId, shareId) =>
  request(callUrl(callId, `/shares/${shareId}`), { method: "DELETE" });

/**
 * Over all calls of the local index: `{hits: [{call_id, to_number, from_number, direction, created_at,
 * moments: [{at_ms, parts}]}]}`. Every second one of a moment's `parts` is a hit:
 * ["they want a ", "refund", " by Friday"].
 */
export const searchCalls = (q, signal) => request("api/search", { query: { q }, signal });

export const downloadUrl = (callId, format) => `${callUrl(callId, "/transcript")}?format=${format}`;

/** A share page fetches the file itself: a link could not send the token. */
export async function fetchTranscript(format) {
  const response = await ask(config.urls.transcript, { query: { format } });
  return response.blob();
}

/**
 * Where the audio of a recording is now. `callscribe ui` passes it through and renews the link to the bucket
 * itself; a share page has only the link, which expires, so it asks for another one each time.
 */
export async function audioUrl(callId, recordingSid, attempt) {
  if (!config.shared) return `audio/${callId}/${recordingSid}?attempt=${attempt}`;
  const { recordings } = await getRecordings(callId);
  return recordings.find((one) => one.recording_sid === recordingSid)?.audio_url ?? null;
}
