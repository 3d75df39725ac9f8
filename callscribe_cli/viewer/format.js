// Numbers and times as a person reads them, in the reader's own time zone.

/** "1:05" or "1:02:03". */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "1 minute 5 seconds": what a screen reader is given in the place of "1:05". */
export function spokenClock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ];
  const said = parts.filter(([number]) => number).map(([number, unit]) => count(number, unit));
  return said.join(" ") || "0 seconds";
}

// made once: toLocaleString would make one for each of 2,000 segments
const numbers = new Intl.NumberFormat("en");

export function count(number, unit) {
  return `${numbers.format(number)} ${unit}${number === 1 ? "" : "s"}`;
}

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function moment(iso) {
  return iso ? dateAndTime.format(new Date(iso)) : "";
}

/** "in-progress" as "In progress". */
export function label(word) {
  const text = String(word ?? "").replaceAll(/[-_]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Twilio's "outbound-api" and "outbound-dial" are the same to a reader. */
export const direction = (call) => (call.direction === "inbound" ? "Inbound" : "Outbound");

/** The number at the other end; without numbers, as on a share page, the direction alone. */
export function party(call) {
  const number = call.direction === "inbound" ? call.from_number : call.to_number;
  return number ?? `${direction(call)} call`;
}

/** AssemblyAI's "en_us" as HTML's "en-US"; null if unknown. */
export function languageTag(code) {
  if (!code) return null;
  const [language, region] = code.split(/[-_]/);
  return region ? `${language}-${region.toUpperCase()}` : language;
}
