// Asking again and again, but not while nobody looks.

/** Runs `task` until it returns null; otherwise it returns how many milliseconds to wait. */
export async function poll(task, signal) {
  while (!signal.aborted) {
    const wait = await task();
    if (wait === null) return;
    await pause(wait, signal);
    await seen(signal);
  }
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", resolve, { once: true });
  });
}

function seen(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
    document.addEventListener("visibilitychange", resolve, { once: true, signal });
  });
}
