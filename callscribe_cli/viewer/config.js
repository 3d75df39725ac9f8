// What the server that sent this page says about it. `callscribe ui` (callscribe_cli/ui.py) sends
//   {shared: false, stack, formats, search, actions}
// and the stack's share page sends
//   {shared: true, formats, urls: {call, recordings, transcript}}
// where `urls` are the three things that the page may read, with the token that its own address ends in
// (api.js); everything else follows from `shared`.

const defaults = { shared: false, stack: "", formats: [], search: false, actions: [], urls: null };

export const config = Object.freeze({
  ...defaults,
  ...JSON.parse(document.getElementById("config").textContent),
});

/** Whether the button for `action` ("retry", "cancel", "erase", "share") is shown. */
export function allows(action) {
  return config.actions.includes(action);
}
