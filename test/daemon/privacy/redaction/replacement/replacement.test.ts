import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReplacementPlan } from '../../../../../daemon/privacy/redaction/redaction-ops.ts';
import { createReplacer } from '../../../../../daemon/privacy/redaction/replacement/create-replacer.ts';
import { editText } from '../../../../../daemon/privacy/redaction/replacement/edit-text.ts';
import { labelOf } from '../../../../../daemon/privacy/redaction/replacement/entity-labels.ts';
import {
  openPlaceholderBook,
  replacePlaceholders,
} from '../../../../../daemon/privacy/redaction/replacement/placeholder-book.ts';
import { bestCpuMs } from '../../../../support/cpu-time.ts';

const KEY = new Uint8Array(32).fill(7);

const replace = (plan: ReplacementPlan, entity: string, value: string): string =>
  createReplacer(plan, { book: openPlaceholderBook(), pseudonymKey: KEY })(entity, value);
const mask = (keepLast: number, entity: string, value: string): string =>
  replace({ mode: 'mask', keepLast, character: '*' }, entity, value);
const finding = (start: number, end: number, entity = 'EMAIL_ADDRESS') => ({
  entity,
  start,
  end,
  score: 1,
  reason: 'test',
});

describe('a template', () => {
  test('names the short name in capitals, as LocalMode does', () => {
    expect(replace('[{PATTERN}]', 'EMAIL_ADDRESS', 'x')).toBe('[EMAIL]');
    expect(replace('[{PATTERN}]', 'CREDIT_CARD', 'x')).toBe('[CREDITCARD]');
    expect(replace('<{ENTITY}/{PATTERN}>', 'employeeId', 'x')).toBe('<employeeId/EMPLOYEEID>');
  });

  test('names an entity of a country by its kind', () => {
    expect(['ES_NIF', 'DE_PASSPORT', 'UK_DRIVING_LICENCE', 'US_SSN'].map(labelOf)).toEqual([
      'NATIONALID',
      'PASSPORT',
      'DRIVERLICENSE',
      'SSN',
    ]);
  });

  test('is taken as it is where it looks like the syntax of something else', () => {
    expect(replace('$& $1 {OTHER}', 'URL', 'x')).toBe('$& $1 {OTHER}');
  });
});

describe('a mask', () => {
  test('keeps the last characters and what separates groups', () => {
    expect(mask(4, 'CREDIT_CARD', '4111-1111-1111-1111')).toBe('****-****-****-1111');
    expect(mask(0, 'EMAIL_ADDRESS', 'ann@example.org')).toBe('***@*******.***');
  });

  test('never shows a short value whole, nor more than half of it', () => {
    expect(mask(8, 'X', '1234')).toBe('**34');
    expect(mask(8, 'X', '1')).toBe('*');
  });

  test('counts what a reader sees as one character', () => {
    expect(mask(1, 'name', 'é👩‍👩‍👧z')).toBe('**z');
  });

  test('shows nothing of the shape of a secret', () => {
    expect(mask(0, 'SECRET', 'a-b.c')).toBe('*****');
  });
});

describe('a pseudonym', () => {
  test('is the same for the same value however it is written, and another in every other app', () => {
    const of = (key: Uint8Array, value: string): string =>
      createReplacer({ mode: 'pseudonym' }, { book: openPlaceholderBook(), pseudonymKey: key })(
        'EMAIL_ADDRESS',
        value,
      );
    expect(of(KEY, 'ann@example.org')).toMatch(/^EMAIL_[a-z2-7]{16}$/);
    expect(of(KEY, 'Ann@Example.org')).toBe(of(KEY, 'ann@example.org'));
    expect(of(KEY, 'bob@example.org')).not.toBe(of(KEY, 'ann@example.org'));
    expect(of(new Uint8Array(32), 'ann@example.org')).not.toBe(of(KEY, 'ann@example.org'));
  });

  test('is refused without a whole key', () => {
    const parts = { book: openPlaceholderBook(), pseudonymKey: new Uint8Array(16) };
    expect(() => createReplacer({ mode: 'pseudonym' }, parts)).toThrow(/key/);
  });
});

describe('placeholders', () => {
  test('are the same for the same value, however it is written', () => {
    const book = openPlaceholderBook();
    expect(book.placeholderOf('PHONE_NUMBER', '555 123-4567')).toBe('[PHONE_1]');
    expect(book.placeholderOf('PHONE_NUMBER', '555 999-4567')).toBe('[PHONE_2]');
    expect(book.placeholderOf('PHONE_NUMBER', '(555) 123 4567')).toBe('[PHONE_1]');
    expect(book.placeholderOf('EMAIL_ADDRESS', 'ａnn@example.org')).toBe('[EMAIL_1]');
    expect(book.placeholderOf('EMAIL_ADDRESS', 'an\u200bn@EXAMPLE.org')).toBe('[EMAIL_1]');
  });

  test('tell secrets apart that differ by case alone', () => {
    const book = openPlaceholderBook();
    expect(book.placeholderOf('SECRET', 'abC')).not.toBe(book.placeholderOf('SECRET', 'abc'));
  });

  test('go on from those given out before', () => {
    const book = openPlaceholderBook([['[EMAIL_3]', 'ann@example.org']]);
    expect(book.placeholderOf('EMAIL_ADDRESS', 'ANN@example.org')).toBe('[EMAIL_3]');
    expect(book.placeholderOf('EMAIL_ADDRESS', 'bob@example.org')).toBe('[EMAIL_4]');
    expect(book.issued).toEqual([['[EMAIL_4]', 'bob@example.org']]);
  });

  test('are none that the text has already', () => {
    const book = openPlaceholderBook();
    book.avoid('as [EMAIL_1] said, [EMAIL_2]');
    expect(book.placeholderOf('EMAIL_ADDRESS', 'ann@example.org')).toBe('[EMAIL_3]');
  });

  test('are put back without one eating another, and never twice', () => {
    const originals = new Map([
      ['[EMAIL_1]', 'ann [EMAIL_10]'],
      ['[EMAIL_10]', 'bob'],
    ]);
    const text = '[[EMAIL_10][EMAIL_1] [EMAIL_11] [EMAIL_1';
    expect(replacePlaceholders(text, (placeholder) => originals.get(placeholder))).toBe(
      '[bobann [EMAIL_10] [EMAIL_11] [EMAIL_1',
    );
  });

  test('are looked for in a time that grows with the text alone', () => {
    const cpuMs = bestCpuMs(400, () => {
      const book = openPlaceholderBook();
      for (const evil of ['[', '[A_1', '[AAAAAAAAAAAAAAAA_1_1_1_1_1', '_1_1_1_1']) {
        book.avoid(evil.repeat(100_000 / evil.length));
      }
    });
    expect(cpuMs).toBeLessThan(400);
  });
});

describe('an edit', () => {
  const replacer = createReplacer('[{PATTERN}]', { book: openPlaceholderBook() });

  test('leaves everything else as it was, to the last unit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.boolean()), { maxLength: 20 }),
        (parts) => {
          const findings = [];
          let text = '';
          let expected = '';
          for (const [part, isFound] of parts) {
            if (isFound && part !== '') {
              findings.push(finding(text.length, text.length + part.length));
            }
            text += part;
            expected += isFound && part !== '' ? '[EMAIL]' : part;
          }
          expect(editText(text, { findings, replacer })).toBe(expected);
        },
      ),
    );
  });

  test('replaces what lies across its borders rather than letting it pass', () => {
    const edit = { findings: [finding(0, 4), finding(3, 6), finding(8, 12)], replacer };
    expect(editText('0123456789ab', { ...edit, from: 2, to: 10 })).toBe('[EMAIL][EMAIL]67[EMAIL]');
  });
});
