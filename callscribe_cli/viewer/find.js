// The places of a text in the transcript. No DOM in here either.

/** More are neither counted nor marked: nobody jumps through them, and painting them takes long. */
export const MOST_HITS = 2000;

/** `[segment, start, end]` of each place, in order; a blank in the query stands for any white space. */
export function findIn(texts, query) {
  const words = query.trim().split(/\s+/).filter(Boolean);
  // a single Latin letter is everywhere; a single Chinese character is a word
  if (!words.length || /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]$/u.test(words.join("")))
    return [];
  const pattern = new RegExp(words.map(escaped).join("\\s+"), "giu");
  const hits = [];
  texts.forEach((text, segment) => {
    for (const match of text.matchAll(pattern)) {
      if (hits.length < MOST_HITS) hits.push([segment, match.index, match.index + match[0].length]);
    }
  });
  return hits;
}

function escaped(word) {
  return word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
