import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
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
