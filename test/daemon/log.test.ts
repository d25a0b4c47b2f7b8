import { expect, test } from 'vitest';
import { createLog, describeError, type LogFields } from '../../daemon/log.ts';

function collect() {
  const lines: string[] = [];
  return { lines, log: createLog({ write: (line: string) => lines.push(line) }, 'debug') };
}

test('a field that is not on the allow-list is dropped', () => {
  const { lines, log } = collect();
  log.info('call.done', { appId: 'a/b', prompt: 'secret words' } as LogFields);
  const line = JSON.parse(lines[0] ?? '') as object;
  expect(line).toMatchObject({ event: 'call.done', appId: 'a/b' });
  expect(lines[0]).not.toContain('secret');
});

test('a line of the message that looks like a frame is not logged', () => {
  const fields = describeError(new Error('no such\n    at my secret prompt (x.ts:1:1)'));
  expect(fields.stack).toMatch(/at .*log\.test/);
  expect(JSON.stringify(fields)).not.toContain('secret');
  const changed = new Error('a\n    at my secret prompt');
  changed.message = 'something else';
  expect(JSON.stringify(describeError(changed))).not.toContain('secret');
});

test('the message of a bug is not logged, its frames are', () => {
  const error = new TypeError('cannot read "my secret prompt"');
  const fields = describeError(error);
  expect(fields.errorName).toBe('TypeError');
  expect(fields.stack).toMatch(/at .*log\.test/);
  expect(JSON.stringify(fields)).not.toContain('secret');
});
