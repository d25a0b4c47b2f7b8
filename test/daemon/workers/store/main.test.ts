import { fork } from 'node:child_process';
import { on } from 'node:events';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { FromWorker } from '../../../../daemon/workers/messages.ts';
import { toSealEnvironment } from '../../../../daemon/workers/seal/settings.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';

test('the sealed store process opens its database and answers', async () => {
  const start = makeStoreStart();
  const child = fork(new URL('../../../../daemon/workers/store/main.ts', import.meta.url), {
    execArgv: ['--conditions=locara-source'],
    serialization: 'advanced',
    env: toSealEnvironment([dirname(start.path)]),
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const answers: FromWorker[] = [];
  for await (const [message] of on(child, 'message', { close: ['exit'] })) {
    const answer = message as FromWorker;
    answers.push(answer);
    if (answer.type === 'sealed') child.send({ type: 'start', start });
    if (answer.type === 'ready') {
      child.send({ type: 'call', id: 1, op: 'exec', params: { sql: 'CREATE TABLE t (x)' } });
    }
    if (answer.type === 'result') {
      child.send({ type: 'call', id: 2, op: 'exec', params: { sql: 'VACUUM' } });
    }
    if (answers.length === 4) break;
  }
  expect(answers).toMatchObject([
    { type: 'sealed' },
    { type: 'ready' },
    { type: 'result', id: 1, result: { changes: 0 } },
    { type: 'error', id: 2, error: { details: { rule: 'sql_forbidden' } } },
  ]);
});
