import { describe, expect, test } from 'vitest';
import { createRedactionOps } from '../../../../daemon/privacy/redaction/create-redaction-ops.ts';
import { detect } from '../../../../daemon/privacy/redaction/detect.ts';
import type { DetectionSettings } from '../../../../daemon/privacy/redaction/redaction-ops.ts';

function find(text: string, settings: Partial<DetectionSettings> = {}): readonly string[] {
  return detect(text, { threshold: 'balanced', ...settings }).map(
    ({ entity, start, end }) => `${entity} ${text.slice(start, end)}`,
  );
}

function ruleOf(settings: Partial<DetectionSettings>): unknown {
  try {
    find('text', settings);
  } catch (error) {
    return (error as { details?: { rule?: unknown } }).details?.rule;
  }
  return undefined;
}

describe('offsets', () => {
  test('full-width digits are found where they stand', () => {
    expect(find('卡号４１１１１１１１１１１１１１１１。')).toEqual([
      'CREDIT_CARD ４１１１１１１１１１１１１１１１',
    ]);
  });

  test('what cannot be seen does not hide a number, and is part of it', () => {
    expect(find('😀 SSN 460\u200b-89-\u00ad9847\u200b!')).toEqual([
      'US_SSN 460\u200b-89-\u00ad9847',
    ]);
  });

  test('hyphens and spaces of all kinds separate groups', () => {
    expect(find('call (415)\u00a0555\u20110132')).toEqual([
      'PHONE_NUMBER (415)\u00a0555\u20110132',
    ]);
  });

  test('digits outside the basic plane are found whole', () => {
    const digits = Array.from('4111111111111111', (digit) =>
      String.fromCodePoint(0x1d7ce + Number(digit)),
    ).join('');
    expect(find(`x ${digits} y`)).toEqual([`CREDIT_CARD ${digits}`]);
  });

  test('marks written apart from their letters, or through digits, hide nothing', () => {
    expect(find('to jose\u0301@example.org now')).toEqual(['EMAIL_ADDRESS jose\u0301@example.org']);
    const struck = Array.from('4111111111111111', (digit) => `${digit}\u0336`).join('');
    expect(find(`card ${struck}!`)).toEqual([`CREDIT_CARD ${struck.slice(0, -1)}`]);
    expect(find('an\u0303\u0336n@example.org 😀 192.168.1.1')).toEqual([
      'EMAIL_ADDRESS an\u0303\u0336n@example.org',
      'IP_ADDRESS 192.168.1.1',
    ]);
  });

  test.each([
    '\u1ea1nn@example.org',
    '\u05d0\u05d9\u05dc@example.org',
    '\u0905\u091c\u092f@example.org',
  ])('an address is found whole in other alphabets too: %s', (address) => {
    expect(find(`to ${address} now`)).toEqual([`EMAIL_ADDRESS ${address}`]);
  });

  test('Arabic digits are digits', () => {
    expect(find('IP ١٩٢.١٦٨.١.١')).toEqual(['IP_ADDRESS ١٩٢.١٦٨.١.١']);
  });
});

describe('what is looked for', () => {
  const text = 'ann@example.org, 192.168.1.1';

  test('short names and names of entities choose', () => {
    expect(find(text, { patterns: ['email'] })).toEqual(['EMAIL_ADDRESS ann@example.org']);
    expect(find(text, { patterns: ['IP_ADDRESS'] })).toEqual(['IP_ADDRESS 192.168.1.1']);
    expect(find(text, { patterns: [] })).toEqual([]);
    expect(find(`${text}, SSN 460-89-9847`, { patterns: ['nationalId'] })).toEqual([
      'US_SSN 460-89-9847',
    ]);
  });

  test('a name that means nothing is refused, not passed over', () => {
    expect(ruleOf({ patterns: ['emails'] })).toBe('unknown_pattern');
    expect(ruleOf({ patterns: ['toString'] })).toBe('unknown_pattern');
  });

  test('the preset says how likely it must be', () => {
    const weak = 'some 460899847 here';
    expect(find(weak)).toEqual([]);
    expect(find(weak, { threshold: 'strict', patterns: ['ssn'] })).toEqual(['US_SSN 460899847']);
    expect(find(`SSN: ${weak}`)).toEqual(['US_SSN 460899847']);
  });

  test('a word of context is a whole word', () => {
    expect(find('classnumber 460899847')).toEqual([]);
  });
});

describe('patterns of the caller', () => {
  const custom = (pattern: string, flags?: string) => ({
    patterns: [],
    custom: [{ name: 'employeeId', pattern, flags, score: 1 }],
  });

  test('they are found, in texts of any length', () => {
    const text = `${'x '.repeat(20_000)}EMP-123456 and emp-654321`;
    expect(find(text, custom('EMP-\\d{6}'))).toEqual(['employeeId EMP-123456']);
    expect(find(text, custom('emp-\\d{6}', 'gi'))).toHaveLength(2);
  });

  test('anchors mean the text, wherever it is cut for the search', () => {
    const text = `a${'b'.repeat(10_000)}`;
    expect(find(text, custom('^b'))).toEqual([]);
    expect(find(text, custom('b$'))).toEqual(['employeeId b']);
    expect(find(text, custom('\\bb'))).toEqual([]);
  });

  test('empty matches are none, and long ones are cut', () => {
    expect(find('aaa', custom('x*'))).toEqual([]);
    const cut = detect('y'.repeat(5000), { threshold: 'balanced', ...custom('y+') });
    expect(cut.map(({ start, end }) => end - start)).toEqual([2048, 2048, 904]);
  });

  test('a long match is never cut through a character', () => {
    const found = find(`a${'😀'.repeat(3000)}`, custom('a?😀+'));
    expect(found.every((part) => part.isWellFormed())).toBe(true);
    expect(found.join('').replaceAll('employeeId ', '')).toBe(`a${'😀'.repeat(3000)}`);
  });

  test('what would not compile, or would be too large, is refused by name', () => {
    for (const pattern of ['(', '(a)\\1', '(?=a)', 'a{1001}', '((a{1,100}){1,9}b)']) {
      expect(ruleOf(custom(pattern))).toBe('custom_pattern');
    }
  });

  test('an evil pattern is only a slow one', () => {
    expect(find('a'.repeat(20_000), custom('(a+)+b'))).toEqual([]);
  });
});

describe('overlaps', () => {
  test('of two at one place, the likelier stays', () => {
    expect(find('http://ann@example.org/')).toEqual(['URL http://ann@example.org/']);
    expect(find('mail https://x.org/?to=ann@example.org')).toEqual([
      'EMAIL_ADDRESS ann@example.org',
    ]);
  });
});

describe('in the worker', () => {
  test('a cancelled search ends soon', async () => {
    const aborting = new AbortController();
    const call = { signal: aborting.signal, chunk: () => undefined, progress: () => undefined };
    const searching = createRedactionOps().detect(
      { texts: ['phone 123 4567 '.repeat(200_000)], settings: { threshold: 'strict' } },
      call,
    );
    setImmediate(() => {
      aborting.abort();
    });
    await expect(searching).rejects.toMatchObject({ reason: 'Cancelled' });
  });
});
