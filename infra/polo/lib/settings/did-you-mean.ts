/** Finds the known word that somebody probably meant. Invariant: a word that resembles none gets no suggestion. */
import { closestMatch } from 'leven';

/** No known word is longer. */
const LONGEST = 80;

/** At most two edits in five characters; letters' case and separators do not count. */
export function meant(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word).slice(0, LONGEST);
  const words = new Map(known.map((one) => [plain(one), one]));
  const closest = closestMatch(wanted, [...words.keys()], { maxDistance: Math.ceil(wanted.length * 0.4) });
  return closest === undefined ? undefined : words.get(closest);
}

/** What to write instead of a word that is none of `known`. */
export function instead(word: string, known: readonly string[]): string {
  const suggestion = meant(word, known);
  return suggestion === undefined ? `write one of ${[...known].sort().join(', ')}` : `did you mean ${suggestion}?`;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}
