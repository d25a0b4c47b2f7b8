import { afterEach, describe, expect, test, vi } from 'vitest';
import { createRedactionOps } from '../../../../daemon/privacy/redaction/create-redaction-ops.ts';
import { detect, MAX_FINDINGS } from '../../../../daemon/privacy/redaction/detect.ts';
import type { DetectionSettings } from '../../../../daemon/privacy/redaction/redaction-ops.ts';
import { SILENT_CALL } from '../../../support/engine-call.ts';

function searching(pattern: string, flags = ''): DetectionSettings {
  return {
    threshold: 'balanced',
    patterns: [],
    custom: [{ name: 'own', pattern, flags, score: 1 }],
  };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a text in which more is found than fits an answer', () => {
  const tooMany = {
    reason: 'PayloadTooLarge',
    details: { rule: 'too_many_entities', limit: MAX_FINDINGS },
  };

  test('is refused, and as many as fit are not', () => {
    expect(detect('a '.repeat(MAX_FINDINGS), searching('a'))).toHaveLength(MAX_FINDINGS);
    expect(() => detect('a '.repeat(MAX_FINDINGS + 1), searching('a'))).toThrow(
      expect.objectContaining(tooMany),
    );
  });

  test('is refused before all of it is kept', () => {
    const text = 'a'.repeat(4_000_000);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    expect(() => detect(text, searching('a'))).toThrow(expect.objectContaining(tooMany));
    expect(clock.mock.calls.length).toBeLessThan(4 * MAX_FINDINGS);
  });

  test('is refused also when it comes as several', async () => {
    const texts = ['a '.repeat(MAX_FINDINGS), 'a'];
    const settings = searching('a');
    const detected = createRedactionOps().detect({ texts, settings }, SILENT_CALL);
    await expect(detected).rejects.toMatchObject(tooMany);
  });
});

test.each([
  ['one text', ['a '.repeat(30_000)]],
  ['several texts', Array.from({ length: 30 }, () => 'a '.repeat(1000))],
])(
  'replacements that make %s megabytes longer are refused before all are built',
  async (_, texts) => {
    const settings = { ...searching('a'), replacement: 'x'.repeat(256) };
    await expect(
      createRedactionOps().redact({ texts, settings }, SILENT_CALL),
    ).rejects.toMatchObject({
      reason: 'PayloadTooLarge',
      message: 'The replacements make the text too long.',
    });
  },
);

describe('a pattern of the caller', () => {
  test('that matches everywhere is timed from match to match, not from window to window', () => {
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 1000));
    expect(() => detect('a'.repeat(100), searching('a'))).toThrow(
      expect.objectContaining({ reason: 'Timeout', details: expect.anything() as unknown }),
    );
  });

  test.each([
    ['\\pL'.repeat(33), ''],
    [`[${'\\PN'.repeat(33)}]`, 'i'],
    [`(?i)${'[k-\\x{10FFFF}]'.repeat(5)}`, ''],
    [`(?mi:x)${'[k-\u{10ffff}]'.repeat(5)}`, ''],
    ['[k-\u{10ffff}]'.repeat(5), 'i'],
  ])('is refused when compiling it would take long: %j', (pattern, flags) => {
    expect(() => detect('a', searching(pattern, flags))).toThrow(
      expect.objectContaining({ details: { rule: 'custom_pattern', pattern: 'own' } }),
    );
  });

  test('may have classes and ranges of other scripts', () => {
    expect(detect('編號 7', searching('(?i)[\\x{4e00}-\\x{9fff}]+\\s\\pN'))).toHaveLength(1);
    expect(detect('k', searching('[k-\\x{10FFFF}]'.repeat(5)))).toEqual([]);
  });
});
