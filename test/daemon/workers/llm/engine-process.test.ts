import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { launchWorker } from '../../../../daemon/workers/launch.ts';
import type { FromWorker } from '../../../../daemon/workers/messages.ts';
import { makeChatModel, TEMPLATES } from '../../../support/chat-models.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';

test('the engine runs in a child process from source and writes nothing to its output', async () => {
  const child = fork(new URL('../../../support/llm-child.ts', import.meta.url), {
    execArgv: ['--conditions=locara-source'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (text) => (output += String(text)));
  child.stderr?.on('data', (text) => (output += String(text)));
  child.send({
    modelPath: unpackEmbeddedModel('stories-260k'),
    purpose: 'generate',
    contextTokens: 256,
    sequences: 1,
    threads: 1,
  });
  try {
    const [story] = (await once(child, 'message')) as [string];
    expect(story).toBe(', there was a little girl named Lily. She');
    expect(output).toBe('');
  } finally {
    child.kill('SIGKILL');
  }
});

test('a chat template runs in its own thread of a sealed process', async () => {
  const entry = new URL('../../../../daemon/workers/llm/main.ts', import.meta.url);
  const child = launchWorker({ entry, writableFolders: [] });
  const answered = new Promise<FromWorker>((resolve) => {
    child.on('message', (message: FromWorker) => {
      if (message.type === 'result' || message.type === 'error') resolve(message);
      if (message.type === 'failed' || message.type === 'unsealed') resolve(message);
    });
  });
  const modelPath = makeChatModel(TEMPLATES.tools);
  const start = { modelPath, contextTokens: 256, sequences: 1, threads: 1, purpose: 'generate' };
  await once(child, 'message');
  child.send({ type: 'start', start });
  const input = { messages: [{ role: 'user', content: 'Hi' }] };
  child.send({ type: 'call', id: 1, op: 'countTokens', params: { input } });
  try {
    expect(await answered).toMatchObject({
      type: 'result',
      result: { tokens: expect.any(Number) as number },
    });
  } finally {
    child.kill('SIGKILL');
  }
});
