// Elements are made one by one and never from markup: what a callee says stays text.

/** An element with attributes; `onclick` and the like are listeners, null and false are left out. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Says it to everybody: a line at the top, which screen readers announce. */
export function notify(text) {
  const notice = document.getElementById("notice");
  // the same words twice are no change, so they would not be announced again
  if (notice.textContent !== text) notice.textContent = text;
}

/**
 * A container that is filled anew only when its value has changed, so that polling neither flickers nor
 * takes the focus away; a focused element is found again by its id.
 */
export function repainter(container, build) {
  let last;
  return (value) => {
    const text = JSON.stringify(value);
    if (text === last) return;
    last = text;
    const focused = container.contains(document.activeElement) ? document.activeElement.id : "";
    container.replaceChildren(...[build(value)].flat().filter(Boolean));
    if (focused) document.getElementById(focused)?.focus();
  };
}
