import { patternOf } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { detect } from '../../../../daemon/privacy/redaction/detect.ts';
import { type JudgedText, readJudgedTexts } from '../../../support/judged-texts.ts';
import { CORE_ENTITIES, scoreDetection, type Span } from '../../../support/score-detection.ts';

const SETS = [
  { name: 'judge-positives', negatives: 'judge-hard-negatives', mostMissed: 4 },
  { name: 'judge-positives-2', negatives: 'judge-hard-negatives-2', mostMissed: 4 },
  { name: 'judge-positives-3', negatives: 'judge-hard-negatives-3', mostMissed: 6 },
] as const;

const MOST_WRONG = 3;

const find = (text: string) => detect(text, { threshold: 'balanced' });

/** Under the names that callers use: a key is a secret, whichever kind of key it is. */
const byShortName = ({ entity, start, end }: Span): Span => ({
  entity: patternOf(entity === 'SECRET' ? 'API_KEY' : entity),
  start,
  end,
});

function isIn(inner: Span, outer: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** By short names, without a URL around something else, and what else is in a secret or a URL. */
function findMarked({ text, spans }: JudgedText): readonly Span[] {
  const named = spans.map(byShortName);
  const wide = named.filter(({ entity }) => entity === 'secret' || entity === 'url');
  return find(text)
    .map(byShortName)
    .filter(
      (found) =>
        named.some((span) => span.entity === found.entity) ||
        !(found.entity === 'url' || wide.some((span) => isIn(found, span))),
    );
}

describe.each(SETS)('on $name', ({ name, negatives, mostMissed }) => {
  const cases = readJudgedTexts(name).map((row) => ({ ...row, isLenient: false }));

  test('it scores .985 on the core entities', () => {
    const { missed, wrong, f1 } = scoreDetection(cases, CORE_ENTITIES, find);
    expect([missed.length <= mostMissed, wrong, f1 >= 0.985], missed.join()).toEqual([
      true,
      [],
      true,
    ]);
  });

  test('it scores .98 on everything that is marked', () => {
    const named = cases.map((row) => ({ ...row, spans: row.spans.map(byShortName) }));
    const found = new Map(cases.map((row) => [row.text, findMarked(row)]));
    const names = [...found.values(), ...named.map(({ spans }) => spans)].flat();
    const { missed, wrong, f1 } = scoreDetection(
      named,
      names.map(({ entity }) => entity),
      (text) => found.get(text) ?? [],
    );
    expect([missed.length <= mostMissed, wrong, f1 >= 0.98], missed.join()).toEqual([
      true,
      [],
      true,
    ]);
  });

  test('it takes hardly anything for what it is not', () => {
    const wrong = readJudgedTexts(negatives).filter(({ text, allows = [] }) =>
      find(text).some(({ entity }) => !allows.includes(entity) && entity !== 'URL'),
    );
    expect(wrong.length, wrong.map(({ id }) => id).join()).toBeLessThanOrEqual(MOST_WRONG);
  });
});
