import { expect, test } from 'vitest';
import { STREET_ADDRESS } from '../../../../daemon/privacy/redaction/address/street-address.ts';
import { ID_RULES } from '../../../../daemon/privacy/redaction/ids/id-rules.ts';
import { NATIONAL_PHONES } from '../../../../daemon/privacy/redaction/ids/national-phones.ts';
import type { Recognizer, ScannedText } from '../../../../daemon/privacy/redaction/recognizer.ts';
import { SECRET_RECOGNIZERS } from '../../../../daemon/privacy/redaction/secrets/secrets.ts';
import { runIdRules } from '../../../support/id-driver.ts';

const CHARS = 100_000;
/** Of this process, so that what else runs does not count. Far above what any takes, far below what a square takes. */
const MOST_MS = 300;
/** All rules together. */
const MOST_DRIVEN_MS = 600;

/** Each makes one kind of rule start again and again. */
const SEEDS = [
  '1.',
  'a.',
  'a-',
  '1 ',
  'a 1 ',
  'Ab 1 ',
  '12 A B C D E ',
  'A1',
  '9 9 9 ',
  '1234',
  '12-',
  '123-45-',
  '123 456 ',
  '1/',
  '(',
  '\n',
  'eyJ',
  'eyJ.',
  ' eyJ',
  ' eyJa.eyJa',
  'sk-',
  ' sk-',
  ' ghp_',
  'xoxb-',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN ',
  '-----',
  'password=',
  'password: ',
  'password="',
  'token=a',
  'a://b:',
  '://',
  'aa://x:y',
  'PuTTY-User-Key-File-2: a',
  'AccountKey=',
  'Bearer a',
  'authorization: ',
  '?sig=',
  '12 Main ',
  '12 Main St ',
  'P.O. Box 1 ',
  'corner of ',
  'Corner of Ab and ',
  'via A ',
  'Via Ab ',
  '+63 ',
  '+90 5',
  '12, ',
  'USS A ',
  'APO ',
  '1 St ',
  'é ',
  '12 rue de ',
  'Apt 1 ',
  '5 Abcdefghijklmnopqrst ',
  'Abcdefg. 5 ',
  'Hauptstraße 5 ',
  'DE 123 ',
  'AB 12 34 56 ',
  'HRB 1 ',
  '0512310 ',
];

const TEXTS = SEEDS.map((seed) => ({ seed, text: seed.repeat(CHARS / seed.length) }));

function timeMs(run: () => void): number {
  const times = [0, 1, 2].map(() => {
    const start = process.cpuUsage();
    run();
    return process.cpuUsage(start).user / 1000;
  });
  return Math.min(...times);
}

function scanned(text: string, hasContext: boolean): ScannedText {
  return { text, hasWordBefore: () => hasContext };
}

const RECOGNIZERS: readonly Recognizer[] = [STREET_ADDRESS, NATIONAL_PHONES, ...SECRET_RECOGNIZERS];

test.each(RECOGNIZERS)('$id reads any 100 KB in time', (recognizer) => {
  for (const { seed, text } of TEXTS) {
    for (const hasContext of [false, true]) {
      const elapsedMs = timeMs(() => Array.from(recognizer.scan(scanned(text, hasContext), {})));
      expect(elapsedMs, JSON.stringify(seed)).toBeLessThan(MOST_MS);
    }
  }
});

/** Without context, whose search is the engine's. */
const SHAPES = ID_RULES.map(({ context, ...rule }) => ({
  ...rule,
  needsContext: context === undefined,
}));

test('all shapes of ids together read any 100 KB in time', () => {
  for (const { seed, text } of TEXTS) {
    expect(
      timeMs(() => runIdRules(SHAPES, text)),
      JSON.stringify(seed),
    ).toBeLessThan(MOST_DRIVEN_MS);
  }
});

test.each(ID_RULES)('the shape of $id is done at once, wherever it is tried', ({ shape }) => {
  const starts = [
    '1'.repeat(CHARS),
    'A'.repeat(CHARS),
    'A1'.repeat(CHARS / 2),
    '1 '.repeat(CHARS / 2),
    'DE '.repeat(CHARS / 3),
  ];
  const elapsedMs = timeMs(() => {
    for (const text of starts) {
      for (let at = 0; at < CHARS; at += 10) {
        shape.lastIndex = at;
        shape.exec(text);
      }
    }
  });
  expect(elapsedMs).toBeLessThan(MOST_MS);
});
