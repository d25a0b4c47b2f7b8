import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConsentSummary } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { completionOf, FakeDaemon } from '../../fakes/fake-daemon.ts';
import type { FakeCall } from '../../fakes/fake-daemon.ts';
import { ControlHome, locara } from '../../support/run-cli.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const folder = () => mkdtempSync(join(tmpdir(), 'locara-cli-'));

const summary: ConsentSummary = {
  appId: 'acme/notes',
  version: '1.0.0',
  displayName: 'Notes\u001b[2J',
  description: 'Keeps notes.',
  author: 'Ada',
  license: 'Apache-2.0',
  manifestDigest: DIGEST,
  signer: 'the key “Acme”',
  attestation: 'install-key',
  grants: [
    {
      capability: 'llm:generate',
      sentence: 'Write text with a language model on this computer.',
      declaredBy: 'modalities',
      optional: false,
    },
  ],
  models: [{ model: 'story', bytes: 1_200_000, installed: true }],
  risks: [],
};
const installed = {
  appId: 'acme/notes',
  version: '1.0.0',
  manifestDigest: DIGEST,
  credentials: '/data/apps/acme/notes/credentials.json',
  attestation: 'install-key',
  grants: [{ capability: 'llm:generate', state: 'granted' }],
};

async function packageHome(risks: readonly string[] = []) {
  const installs: unknown[] = [];
  const control = await ControlHome.start({
    'app.inspect': () => ({ summary: { ...summary, risks } }),
    'app.install': ({ params }: FakeCall) => {
      installs.push(params);
      return installed;
    },
  });
  return Object.assign(control, { installs });
}

describe('app install', () => {
  const argv = ['app', 'install', '/pkg'];

  test('shows the summary, asks, and binds the consent to the digest', async () => {
    await using control = await packageHome();
    const { exitCode, stdout, stderr } = await locara(argv, { home: control.home, answers: 'y\n' });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Write text with a language model');
    expect(stderr).not.toContain('\u001b[2J');
    expect(stdout).toContain('acme/notes 1.0.0 is installed');
    expect(control.installs).toEqual([{ path: '/pkg', manifestDigest: DIGEST, acceptRisk: false }]);
  });

  test.each(['n\n', '\n', 'maybe\n'])('installs nothing on the answer %j', async (answers) => {
    await using control = await packageHome();
    expect((await locara(argv, { home: control.home, answers })).exitCode).toBe(3);
    expect(control.installs).toEqual([]);
  });

  test('asks for the risks when there are some', async () => {
    await using control = await packageHome(['It is a development build.']);
    const { stderr } = await locara(argv, { home: control.home, answers: 'yes\n' });
    expect(stderr).toContain('Risk: It is a development build.');
    expect(stderr).toContain('Accept the risks and install it?');
    expect(control.installs).toMatchObject([{ acceptRisk: true }]);
  });

  test('prints exactly the result with --json', async () => {
    await using control = await packageHome();
    const result = await locara([...argv, '--yes', '--json'], control);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual(installed);
  });

  test.each([
    ['without a terminal', argv, false],
    ['with --json, even on a terminal', [...argv, '--json'], true],
  ])('is refused %s when --yes is missing', async (_, command, isTerminal) => {
    await using control = await packageHome();
    const result = await locara(command, { home: control.home, isTerminal });
    expect(result.exitCode).toBe(3);
    expect(result.stdout + result.stderr).toContain('no terminal');
    expect(control.installs).toEqual([]);
  });

  test('with --yes is refused when there are risks that --accept-risk does not accept', async () => {
    await using control = await packageHome(['It is a development build.']);
    const refused = await locara([...argv, '--yes', '--json'], control);
    expect(refused.exitCode).toBe(3);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { reason: 'RiskNotAccepted' } });
    expect(control.installs).toEqual([]);
    const accepted = await locara([...argv, '--yes', '--accept-risk'], control);
    expect(accepted.exitCode).toBe(0);
    expect(control.installs).toMatchObject([{ acceptRisk: true }]);
  });
});

describe('app consent', () => {
  const app = {
    appId: 'acme/notes',
    version: '1.0.0',
    displayName: 'Notes',
    manifestDigest: DIGEST,
    attestation: 'install-key',
    signer: 'Acme',
    installedAt: '2026-01-01T00:00:00Z',
    revoked: false,
    grants: [{ capability: 'ocr:run', state: 'pending' }],
  };
  const start = () =>
    ControlHome.start({
      'app.show': () => ({ app }),
      'app.consent': () => ({ grants: [{ capability: 'ocr:run', state: 'granted' }] }),
    });

  test('grants the capability that is named', async () => {
    await using control = await start();
    const argv = ['app', 'consent', 'acme/notes', 'ocr:run', '--json'];
    const { stdout } = await locara(argv, control);
    expect(JSON.parse(stdout)).toEqual({ grants: [{ capability: 'ocr:run', state: 'granted' }] });
  });

  test('asks for each pending one', async () => {
    await using control = await start();
    const argv = ['app', 'consent', 'acme/notes'];
    const { stdout } = await locara(argv, { home: control.home, answers: 'y\n' });
    expect(stdout).toBe('ocr:run: granted\n');
  });

  test('without a terminal is refused and names what is pending', async () => {
    await using control = await start();
    const { exitCode, stderr } = await locara(['app', 'consent', 'acme/notes'], control);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('ocr:run');
    expect(control.daemon.received).not.toContain('app.consent');
  });
});

test('status prints the daemon’s document with --json and words without', async () => {
  const status = {
    daemon: { version: '0.1.0', pid: 7, uptimeMs: 61_000, rssBytes: 84_000_000 },
    sessions: [{ appId: 'acme/notes', attestation: 'install-key', pid: 8, calls: 1 }],
    workers: [{ kind: 'llm', model: 'story', pid: 9, state: 'ready', device: 'cpu' }],
    models: { installed: 4, bytes: 12_000_000 },
  };
  await using control = await ControlHome.start({ 'status.get': () => status });
  expect(JSON.parse((await locara(['status', '--json'], control)).stdout)).toEqual(status);
  const { stdout } = await locara(['status'], control);
  expect(stdout).toContain('locarad 0.1.0, pid 7, up 1 min, 84 MB');
  expect(stdout).toContain('acme/notes  install-key');
});

describe('call', () => {
  async function appHome() {
    const home = folder();
    const daemon = await FakeDaemon.start({
      handlers: {
        'llm.chat': ({ chunk }) => {
          chunk({ delta: 'a' }, 0);
          chunk({ delta: 'b' }, 1);
          return completionOf('ab');
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

  test('prints one document with --json', async () => {
    await using app = await appHome();
    const { stdout } = await locara([...argv, '--json'], { home: app.home });
    expect(JSON.parse(stdout)).toEqual({
      result: completionOf('ab'),
      chunks: [{ delta: 'a' }, { delta: 'b' }],
    });
  });

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
