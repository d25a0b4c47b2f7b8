import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RedactionSettings } from '../../../../daemon/privacy/redaction/redaction-ops.ts';
import { createRedactionOps } from '../../../../daemon/privacy/redaction/create-redaction-ops.ts';
import { unpackFindings } from '../../../../daemon/privacy/redaction/packed-findings.ts';
import { createRedact } from '../../../../daemon/privacy/redaction/replacement/redact-texts.ts';
import { openRedactionStream } from '../../../../daemon/privacy/redactor/redaction-stream.ts';
import { createRestoreMaps } from '../../../../daemon/privacy/redactor/restore-maps.ts';
import { detect, detectSamples } from '../../../fakes/privacy-worker/detect-samples.ts';

const TEXT_SETTINGS: RedactionSettings = { threshold: 'balanced', replacement: '[{PATTERN}]' };
const PLACEHOLDERS: RedactionSettings = {
  threshold: 'balanced',
  replacement: { mode: 'placeholder' },
};
const CALL = {
  signal: new AbortController().signal,
  chunk: () => undefined,
  progress: () => undefined,
};

interface Run {
  readonly text: string;
  /** The pieces as they came out. */
  readonly pieces: readonly string[];
  readonly looks: number;
  readonly counts: Readonly<Record<string, number>>;
}

async function stream(
  pieces: readonly string[],
  settings: RedactionSettings = TEXT_SETTINGS,
): Promise<Run> {
  let looks = 0;
  const session = { id: 's', appId: 'acme/notes' };
  const isMapped = typeof settings.replacement !== 'string';
  const opened = openRedactionStream({
    settings,
    detect: (text) => {
      looks += 1;
      return Promise.resolve(detectSamples(text));
    },
    onFound: () => undefined,
    map: isMapped ? createRestoreMaps().open(session) : undefined,
  });
  const out: string[] = [];
  for (const piece of pieces) {
    const before = looks;
    out.push(await opened.push(piece));
    expect(looks - before).toBeLessThanOrEqual(1);
  }
  out.push(await opened.end());
  return { text: out.join(''), pieces: out, looks, counts: opened.counts };
}

async function whole(text: string, settings: RedactionSettings = TEXT_SETTINGS): Promise<string> {
  const { texts } = await createRedact(detect)({ texts: [text], settings }, CALL);
  return texts[0] ?? '';
}

const PEM = `-----BEGIN PRIVATE KEY-----\n${'TWFuIGlz\n'.repeat(260)}-----END PRIVATE KEY-----`;
const parts = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      'the',
      'cat',
      'sat',
      'The',
      'May',
      'of',
      'a',
      'Rome',
      'naïve',
      '日本語',
      '🐈',
    ),
  },
  { weight: 5, arbitrary: fc.constantFrom(' ', ' ', ' ', '\n', ', ', '. ', '') },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'ann@example.org',
      'bob.smith+x@mail.example.co',
      '555-123-4567',
      '(555) 123-4567',
      '4111 1111 1111 1111',
      'March 5, 1980',
      'may 12, 2001',
      '123 North Main Street',
      'https://user:secret@example.org/path?q=1',
      'my ssn is 123456789',
      '123456789',
      'password: hunter2',
      '3',
      '1.2.3',
      '@',
      'https://example.org',
      `\n${PEM}\n`,
    ),
  },
);
const texts = fc.array(parts, { maxLength: 40 }).map((list) => list.join(''));

describe('a stream', () => {
  test.each([
    ['text', TEXT_SETTINGS],
    ['placeholders', PLACEHOLDERS],
  ])('says the same as the whole, wherever it is cut, by %s', async (_name, settings) => {
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 9 }),
        async (text, sizes) => {
          const pieces: string[] = [];
          for (let at = 0; at < text.length;) {
            const size = sizes[pieces.length % sizes.length] ?? 1;
            pieces.push(text.slice(at, at + size));
            at += size;
          }
          expect((await stream(pieces, settings)).text).toBe(await whole(text, settings));
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('by the recognizers themselves says the same as the whole', async () => {
    const { detect: really, redact } = createRedactionOps();
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 40 }), async (text, size) => {
        const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
        const opened = openRedactionStream({
          settings: TEXT_SETTINGS,
          detect: async (seen, settings) =>
            unpackFindings((await really({ texts: [seen], settings }, CALL)).found)?.[0] ?? [],
          onFound: () => undefined,
        });
        let out = '';
        for (const piece of pieces) out += await opened.push(piece);
        out += await opened.end();
        const { texts: wanted } = await redact({ texts: [text], settings: TEXT_SETTINGS }, CALL);
        expect(out).toBe(wanted[0]);
      }),
      { numRuns: 500 },
    );
  });

  test('of single characters says the same as the whole', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect((await stream(text.split(''))).text).toBe(await whole(text));
      }),
      { numRuns: 300 },
    );
  });

  test('lets plain words flow at once, and asks nobody about them', async () => {
    const { pieces, looks } = await stream(['the cat ', 'sat on', ' the mat, and slept. ']);
    expect(pieces).toEqual(['the cat ', 'sat ', 'on the mat, and slept. ', '']);
    expect(looks).toBe(0);
  });

  test('lets scripts without spaces flow at once', async () => {
    const { pieces } = await stream(['猫はマット', 'の上に座った']);
    expect(pieces).toEqual(['猫はマット', 'の上に座った', '']);
  });

  test('holds back no more than sixty-four characters and an entity after a number', async () => {
    const { pieces } = await stream(['I have 3 cats ', 'and they sit on mats '.repeat(4)]);
    expect(pieces[0]).toBe('I have ');
    expect(pieces[1]).toBe(`3 cats ${'and they sit on mats '.repeat(4)}`);
  });

  test('holds a key until it is closed', async () => {
    const { text, counts } = await stream(['here: ', ...(PEM.match(/.{1,50}/gs) ?? []), ' done']);
    expect(text).toBe('here: [SECRET] done');
    expect(counts).toEqual({ SECRET: 1 });
  });

  test('lets nothing out of an entity that is longer than what is ever held back', async () => {
    const password = `https://u:p@example.org/${'x'.repeat(3000)}`;
    const { text } = await stream([...(password.match(/.{1,100}/gs) ?? []), ' end']);
    expect(text.replaceAll('[URL]', '')).toBe(' end');
  });

  test('asks about a word that a secret was announced for', async () => {
    const { looks } = await stream(['password: correcthorse ', 'and more words follow here now ']);
    expect(looks).toBeGreaterThan(0);
  });

  test('gives out nothing after a failure', async () => {
    const opened = openRedactionStream({
      settings: TEXT_SETTINGS,
      detect: () => Promise.reject(new Error('gone')),
      onFound: () => undefined,
    });
    expect(await opened.push('hello ann@exam')).toBe('hello ');
    await expect(opened.push(`ple.org ${'and more '.repeat(20)}`)).rejects.toThrow('gone');
    await expect(opened.push('plain words ')).rejects.toThrow('gone');
    await expect(opened.end()).rejects.toThrow('gone');
  });

  test('is refused as soon as what must not pass is found', async () => {
    const settings: RedactionSettings = { ...TEXT_SETTINGS, replacement: { mode: 'block' } };
    await expect(
      stream(['write to ann@example.org ', 'x '.repeat(64)], settings),
    ).rejects.toMatchObject({
      reason: 'Conflict',
      details: { rule: 'pii_found', entities: { EMAIL_ADDRESS: 1 } },
    });
  });
});
