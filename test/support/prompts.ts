import { createRandom } from './random.ts';

/** Words of up to three letters: one token each in the random model, about two in the story teller. */
const WORDS =
  'the cat dog ran big red sun day boy box car hat sea toy mom dad fun joy old new saw had was one two and for her his him'.split(
    ' ',
  );

/** A prompt that shares no beginning worth keeping with that of another seed. */
export function createPrompt(words: number, seed: number): string {
  const random = createRandom(seed);
  return Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ');
}
