import { describe, expect, test } from 'vitest';
import { BACK_OFF } from '../../../daemon/workers/back-off.ts';
import { CrashRecord } from '../../../daemon/workers/crash-record.ts';

const clock = { ms: 0 };

/** Crashes under calls: `evil` aborts, `a b` both ran; `!` before them: killed from outside. */
function recordOf(...crashes: readonly string[]): CrashRecord {
  const record = new CrashRecord(BACK_OFF, () => clock.ms);
  for (const crash of crashes) crashUnder(record, crash);
  return record;
}

function crashUnder(record: CrashRecord, crash: string, op = 'generate'): void {
  const apps = crash.replace('!', '').split(' ').filter(Boolean);
  record.crashed({ running: apps.map((app) => ({ app, op })), isKilled: crash.startsWith('!') });
}

const generateOf = (app: string) => ({ app, op: 'generate' });

describe('the whole worker', () => {
  test('rests after three crashes in a row under different apps', () => {
    const record = recordOf('a', 'b', 'c');
    expect(record.quarantine()).toMatchObject({ remainingMs: 30_000, crashes: 3 });
    expect(record.refusal(generateOf('d'))).toBeDefined();
  });

  test.each([
    ['while it starts', ['', '', '']],
    ['killed from outside under one app', ['!a', '!a', '!a']],
    ['under two apps at once', ['a b', 'a b', 'a b']],
  ])('rests after three crashes %s', (_name, crashes) => {
    expect(recordOf(...crashes).quarantine()).toBeDefined();
  });

  test('does not rest when any call succeeded in between', () => {
    const record = recordOf('a', 'b');
    record.succeeded(generateOf('c'));
    crashUnder(record, 'a');
    crashUnder(record, 'b');
    expect(record.quarantine()).toBeUndefined();
  });
});

test('loading between the crashes lifts nothing, unless it was loading that crashed', () => {
  const record = recordOf();
  for (const app of ['a', 'b', 'c']) {
    crashUnder(record, app);
    record.succeeded({ app, op: 'load' });
  }
  expect(record.quarantine()).toMatchObject({ crashes: 3 });
  const slow = recordOf('', '');
  slow.succeeded({ app: 'a', op: 'load' });
  crashUnder(slow, '');
  expect(slow.quarantine()).toBeUndefined();
});

describe('one app that explains every crash', () => {
  test('is refused, and others go on', () => {
    const record = recordOf('evil', 'evil', 'evil a');
    expect(record.refusal(generateOf('evil'))).toMatchObject({ remainingMs: 30_000, crashes: 3 });
    expect(record.refusal(generateOf('a'))).toBeUndefined();
    expect(record.quarantine()).toBeUndefined();
    expect(record.worst()).toMatchObject({ crashes: 3 });
  });

  test('is refused also when others succeed all the time', () => {
    const record = recordOf();
    for (let crash = 0; crash < 3; crash += 1) {
      crashUnder(record, 'evil a');
      record.succeeded(generateOf('a'));
      record.succeeded(generateOf('b'));
    }
    expect(record.refusal(generateOf('evil'))).toBeDefined();
    expect(record.refusal(generateOf('a'))).toBeUndefined();
  });

  test('keeps its other operations, unless it crashes one after the other', () => {
    const record = recordOf('evil', 'evil', 'evil');
    expect(record.refusal({ app: 'evil', op: 'countTokens' })).toBeUndefined();
    const changing = recordOf('evil', 'evil');
    crashUnder(changing, 'evil', 'rank');
    expect(changing.refusal({ app: 'evil', op: 'embed' })).toBeDefined();
  });

  test('may try again after the rest, and a success clears it', () => {
    const record = recordOf('evil', 'evil', 'evil');
    clock.ms += 30_000;
    expect(record.refusal(generateOf('evil'))).toBeUndefined();
    record.succeeded(generateOf('evil'));
    crashUnder(record, 'evil');
    expect(record.refusal(generateOf('evil'))).toBeUndefined();
  });
});

test('random kills under load keep out nobody whose calls succeed in between', () => {
  const record = recordOf();
  for (let kill = 0; kill < 200; kill += 1) {
    crashUnder(record, '!a b c long');
    for (const app of ['a', 'b', 'c']) {
      expect(record.refusal(generateOf(app))).toBeUndefined();
      record.succeeded(generateOf(app));
    }
    expect(record.refusal(generateOf('long'))).toBeUndefined();
  }
});
