// One call: its audio and its transcript. The token behind the "#" of the address goes into no other address.

const { urls } = JSON.parse(document.getElementById("config").textContent);
const main = document.getElementById("main");

async function get(name, query = "") {
  const headers = { Authorization: `Bearer ${location.hash.slice(1)}` };
  const response = await fetch(urls[name] + query, { headers, credentials: "omit" });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? "This cannot be shown now: try again.");
}

function show(tag, text, attributes = {}) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.textContent = text;
  main.append(element);
}

async function showCall() {
  main.replaceChildren();
  const call = await (await get("call")).json();
  const number = call.direction === "inbound" ? call.from_number : call.to_number;
  show("h1", number ?? (call.direction === "inbound" ? "Inbound call" : "Outbound call"));
  show("p", new Date(call.created_at).toLocaleString());
  const { recordings } = await (await get("recordings")).json();
  for (const { audio_url: src } of recordings) if (src) show("audio", "", { src, controls: true });
  show("p", await (await get("transcript", "?format=txt")).text(), { className: "text" });
}

const begin = () => showCall().catch((error) => show("p", error.message));
addEventListener("hashchange", begin);
begin();
