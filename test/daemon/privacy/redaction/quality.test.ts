import { describe, expect, test } from 'vitest';
import { detect } from '../../../../daemon/privacy/redaction/detect.ts';
import { readHardNegatives, readPiiCases, toScoredCase } from '../../../support/pii-cases.ts';
import { CORE_ENTITIES, scoreDetection } from '../../../support/score-detection.ts';

const find = (text: string) => detect(text, { threshold: 'balanced' });

describe('how well detection finds what is there, and nothing else', () => {
  test('it scores .98 on the core entities of the cases of Presidio', () => {
    const cases = readPiiCases('presidio-cases').filter(({ entity }) =>
      (CORE_ENTITIES as readonly string[]).includes(entity),
    );
    const score = scoreDetection(cases.map(toScoredCase), CORE_ENTITIES, find);
    expect(cases.length).toBeGreaterThan(200);
    expect([score.missed, score.wrong, score.f1 >= 0.98]).toEqual([[], [], true]);
  });

  test.each(['URL', 'MAC_ADDRESS', 'CRYPTO', 'DATE_TIME'])('it scores .98 on %s', (entity) => {
    // Named, it is all dates; unnamed, those of births alone.
    const findNamed = (text: string) => detect(text, { threshold: 'balanced', patterns: [entity] });
    const cases = readPiiCases('presidio-cases').filter((row) => row.entity === entity);
    const { missed, wrong, f1 } = scoreDetection(cases.map(toScoredCase), [entity], findNamed);
    expect([missed, wrong, f1 >= 0.98]).toEqual([[], [], true]);
  });

  test('it takes at most one of the look-alikes for something', () => {
    const wrong = readPiiCases('look-alikes').filter(({ text }) => find(text).length > 0);
    expect(wrong.map(({ id }) => id).length).toBeLessThanOrEqual(1);
  });

  test('it finds nothing in hard negatives', () => {
    const wrong = readHardNegatives().filter(({ text, allows = [] }) =>
      find(text).some(({ entity }) => !allows.includes(entity)),
    );
    expect(wrong).toEqual([]);
  });
});
