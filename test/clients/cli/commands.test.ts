import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { completionOf, FakeDaemon } from '../../fakes/fake-daemon.ts';
import { ControlHome, locara } from '../../support/run-cli.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'locara-cli-'));

test('status prints the daemon’s document with --json and words without', async () => {
  const status = {
    daemon: { version: '0.1.0', pid: 7, uptimeMs: 61_000, rssBytes: 84_000_000 },
    sessions: [{ appId: 'acme/notes', attestation: 'install-key', pid: 8, calls: 1 }],
    workers: [
      {
        kind: 'llm',
        model: 'story',
        pid: 9,
        state: 'ready',
        device: 'CPU, 1 thread',
        threads: 1,
        why: 'No GPU build is set up.',
      },
    ],
    models: { installed: 4, bytes: 12_000_000 },
    memory: { limitBytes: 8e9, heldBytes: 1e9, availableBytes: 7e9, pressure: 'normal' },
  };
  await using control = await ControlHome.start({ 'status.get': () => status });
  expect(JSON.parse((await locara(['status', '--json'], control)).stdout)).toEqual(status);
  const { stdout } = await locara(['status'], control);
  expect(stdout).toContain('locarad 0.1.0, pid 7, up 1 minute, 84 MB');
  expect(stdout).toContain('acme/notes  install-key');
  expect(stdout).toContain('story: No GPU build is set up.');
  expect(stdout.match(/thread/gi)).toHaveLength(1);
});

describe('call', () => {
  async function appHome(words: readonly [string, string] | RpcError = ['a', 'b']) {
    const home = folder();
    const daemon = await FakeDaemon.start({
      handlers: {
        'llm.chat': ({ chunk }) => {
          if (words instanceof RpcError) throw words;
          for (const [sequence, delta] of words.entries()) chunk({ delta }, sequence);
          return completionOf(words.join(''));
        },
      },
    });
    mkdirSync(join(home, 'data/apps/acme/notes'), { recursive: true });
    const path = join(home, 'data/apps/acme/notes/credentials.json');
    writeFileSync(path, JSON.stringify(daemon.credentials));
    return { home, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
  }
  const argv = ['call', 'llm.chat', '{"messages":[]}', '--app', 'acme/notes'];

  test('prints chunks and result as JSON lines', async () => {
    await using app = await appHome();
    const { stdout } = await locara(argv, { home: app.home });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { chunk: { delta: 'a' } },
      { chunk: { delta: 'b' } },
      { result: completionOf('ab') },
    ]);
  });

  test('takes params from stdin, where no other program can read them', async () => {
    await using app = await appHome();
    const given = { home: app.home, answers: '{"messages":[]}', isTerminal: false };
    const { stdout } = await locara(['call', 'llm.chat', '-', '--app', 'acme/notes'], given);
    expect(stdout).toContain(JSON.stringify({ result: completionOf('ab') }));
  });

  test('warns of a passphrase on the command line', async () => {
    await using app = await appHome();
    const secret = ['call', 'vault.unlock', '{"passphrase":"a"}', '--app', 'acme/notes'];
    const { stderr } = await locara(secret, { home: app.home });
    expect(stderr).toContain('Other programs can read a passphrase on the command line');
    expect((await locara(argv, { home: app.home })).stderr).toBe('');
  });

  test('shows the details of an error below its sentence', async () => {
    const overflow = new RpcError('ContextOverflow', 'Too long.', {
      details: { promptTokens: 3002, contextTokens: 2048, issues: [] },
    });
    await using app = await appHome(overflow);
    const { stderr } = await locara(argv, { home: app.home });
    expect(stderr).toBe('locara: Too long.\n  promptTokens: 3002\n  contextTokens: 2048\n');
  });

  test('prints one document with --json', async () => {
    await using app = await appHome();
    const { stdout } = await locara([...argv, '--json'], { home: app.home });
    expect(JSON.parse(stdout)).toEqual({
      result: completionOf('ab'),
      chunks: [{ delta: 'a' }, { delta: 'b' }],
    });
  });

  test.each([[[]], [['--json']]])(
    'escapes what could steer the terminal, and the value stays the same: %j',
    async (more) => {
      const evil = 'a\u009b2J\u202e\u2028b';
      await using app = await appHome([evil, 'c']);
      const { stdout } = await locara([...argv, ...more], { home: app.home });
      expect(stdout).not.toMatch(/[\u009b\u202e\u2028]/);
      const last = stdout.trim().split('\n').at(-1) ?? '';
      expect(JSON.parse(last)).toMatchObject({ result: completionOf(`${evil}c`) });
    },
  );

  test('of a method that is not there says so', async () => {
    await using app = await appHome();
    const command = ['call', 'no.such', '--app', 'acme/notes', '--json'];
    const { exitCode, stdout } = await locara(command, { home: app.home });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { reason: 'MethodNotFound' } });
  });

  test('as an app that is not installed says so', async () => {
    const { exitCode, stdout } = await locara([...argv, '--json'], { home: folder() });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { reason: 'NotFound' } });
  });
});
