/** Words of up to three letters: one token each in the random model, about two in the story teller. */
const WORDS =
  'the cat dog ran big red sun day boy box car hat sea toy mom dad fun joy old new saw had was one two and for her his him'.split(
    ' ',
  );

/** Numbers from 0 to 1 that only depend on the seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A prompt that shares no beginning worth keeping with that of another seed. */
export function createPrompt(words: number, seed: number): string {
  const random = createRandom(seed);
  return Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ');
}
