import type { Candidate } from '../recognizer.ts';

/** Military post offices of the US. */
const MILITARY =
  /(?<![A-Za-z])(?:(?:USS|USNS|USCGC|USNV) \p{Lu}[\p{L}'-]{1,24}\s)?(?:APO|FPO|DPO),? A[AEP] \d{5}(?:-\d{4})?(?!\d)/giu;

export function* findMilitary(text: string): Iterable<Candidate> {
  for (const found of text.matchAll(MILITARY)) {
    const end = found.index + found[0].length;
    yield {
      entity: 'STREET_ADDRESS',
      start: found.index,
      end,
      score: 0.85,
      reason: 'military-post',
    };
  }
}
