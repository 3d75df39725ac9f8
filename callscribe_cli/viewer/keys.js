// Shortcuts. They can be switched off: speech input and some assistive tools type single letters (WCAG 2.1.4).

const SETTING = "callscribe-shortcuts";

export const shortcuts = {
  get on() {
    return stored() !== "off";
  },
  set on(value) {
    try {
      localStorage.setItem(SETTING, value ? "on" : "off");
    } catch {
      memory = value ? "on" : "off";
    }
  },
};

let memory = "on";

function stored() {
  try {
    return localStorage.getItem(SETTING);
  } catch {
    return memory; // storage may be forbidden
  }
}

/** `bindings`: from a key, in lower case, to what it does. */
export function bindKeys(bindings, signal) {
  const listen = (event) => {
    const run = bindings[event.key.toLowerCase()];
    if (!run || !shortcuts.on || isElsewhere(event)) return;
    event.preventDefault();
    run();
  };
  addEventListener("keydown", listen, { signal });
}

function isElsewhere(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (document.querySelector("dialog[open]")) return true;
  if (event.target.closest("input:not([type=range]), textarea, select, [contenteditable]")) return true;
  // the space bar presses the button that has the focus
  return event.key === " " && event.target.closest("button, a, summary") !== null;
}
