import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ControlHome, locara } from '../../../support/run-cli.ts';

const pair = generateKeyPairSync('ed25519');
const pem = pair.publicKey.export({ type: 'spki', format: 'pem' });
const fileOf = (content: string | Buffer) => {
  const path = join(mkdtempSync(join(tmpdir(), 'locara-cli-')), 'file');
  writeFileSync(path, content);
  return path;
};
const IDENTITY = ['--identity', 'ada@acme.example', '--issuer', 'https://accounts.acme.example'];

/** A daemon that takes everything and remembers what it was asked. */
async function trustingHome(identityChanges: Readonly<Record<string, string>> = {}) {
  const sent: [method: string, params: unknown][] = [];
  const entry = { name: 'Acme', scope: 'sideloading', addedAt: '2026-01-01T00:00:00Z' };
  const key = { ...entry, hint: 'aGludA==', algorithm: 'ed25519' };
  const named = { identity: 'a@b.c', issuer: 'https://x.y', root: 'public-good' };
  const identity = { ...entry, ...named, ...identityChanges };
  const control = await ControlHome.start({
    'trust.add': ({ params }) => {
      sent.push(['trust.add', params]);
      return { key, warning: 'Think.' };
    },
    'trust.addIdentity': ({ params }) => {
      sent.push(['trust.addIdentity', params]);
      return { identity, warning: 'Think.' };
    },
    'trust.list': () => ({ keys: [{ ...key, publisher: 'acme' }], identities: [identity] }),
    'trust.remove': () => ({ removed: identity }),
  });
  return Object.assign(control, { sent, identity });
}

describe('trust add', () => {
  test('sends the public key, and a script is asked nothing', async () => {
    await using control = await trustingHome();
    const argv = ['trust', 'add', '--key', fileOf(pem), '--name', 'Acme'];
    const { exitCode, stderr } = await locara(argv, control);
    expect(exitCode).toBe(0);
    expect(control.sent).toEqual([
      ['trust.add', { name: 'Acme', publicKeyPem: pem, scope: 'sideloading' }],
    ]);
    expect(stderr).toContain('under any publisher name');
  });

  test.each([
    [['--development'], { scope: 'development' }],
    [['--revocation'], { scope: 'revocation' }],
    [['--publisher', 'acme'], { scope: 'sideloading', publisher: 'acme' }],
  ])('%j reaches the daemon', async (options, params) => {
    await using control = await trustingHome();
    await locara(['trust', 'add', '--key', fileOf(pem), '--name', 'Acme', ...options], control);
    expect(control.sent[0]?.[1]).toMatchObject(params);
  });

  test('sends an identity with its root and numbers', async () => {
    await using control = await trustingHome();
    const numbers = ['--repository-id', '7', '--owner-id', '8', '--root', fileOf('{"root":1}')];
    const argv = ['trust', 'add', ...IDENTITY, '--name', 'Acme', ...numbers, '--json'];
    const { stdout } = await locara(argv, control);
    expect(control.sent).toEqual([
      [
        'trust.addIdentity',
        {
          name: 'Acme',
          scope: 'sideloading',
          identity: 'ada@acme.example',
          issuer: 'https://accounts.acme.example',
          trustedRoot: '{"root":1}',
          sourceRepositoryId: '7',
          sourceRepositoryOwnerId: '8',
        },
      ],
    ]);
    expect(JSON.parse(stdout)).toEqual({ identity: control.identity, warning: 'Think.' });
  });

  test.each([
    ['y\n', 0, 1],
    ['n\n', 3, 0],
    ['\n', 3, 0],
  ])('on a terminal asks; the answer %j', async (answers, code, calls) => {
    await using control = await trustingHome();
    const argv = ['trust', 'add', ...IDENTITY, '--name', 'Acme'];
    const { exitCode, stderr } = await locara(argv, { home: control.home, answers });
    expect(exitCode).toBe(code);
    expect(control.sent).toHaveLength(calls);
    expect(stderr).toContain('No registry has looked at them');
  });

  test('with --yes a terminal is not asked', async () => {
    await using control = await trustingHome();
    const argv = ['trust', 'add', ...IDENTITY, '--name', 'Acme', '--yes'];
    expect((await locara(argv, { home: control.home, isTerminal: true })).exitCode).toBe(0);
  });

  test('never sends a private key', async () => {
    const secret = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const { exitCode, stderr } = await locara([
      'trust',
      'add',
      '--key',
      fileOf(secret),
      '--name',
      'A',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('private key');
  });

  test.each([
    ['nobody', []],
    ['an identity without its issuer', IDENTITY.slice(0, 2)],
    ['an issuer alone', IDENTITY.slice(2)],
    ['an empty identity', ['--identity', '', ...IDENTITY.slice(2)]],
    ['a key and an identity', ['--key', fileOf(pem), ...IDENTITY]],
    ['two purposes', ['--key', fileOf(pem), '--development', '--revocation']],
  ])('naming %s is a wrong use', async (_, options) => {
    expect((await locara(['trust', 'add', '--name', 'Acme', ...options])).exitCode).toBe(2);
  });
});

test('trust list shows both kinds, for what and for whom', async () => {
  await using control = await trustingHome();
  const { stdout } = await locara(['trust', 'list'], control);
  expect(stdout).toMatch(/Acme +sideloading +acme +ed25519 key aGludA==/);
  expect(stdout).toMatch(/Acme +sideloading +any +a@b.c by https:\/\/x.y/);
});

test('trust list tells apart what differs in repository, owner or root alone', async () => {
  const narrow = { sourceRepositoryId: '111', sourceRepositoryOwnerId: '222', root: 'sha256:ab' };
  await using control = await trustingHome(narrow);
  const { stdout } = await locara(['trust', 'list'], control);
  expect(stdout).toContain('a@b.c by https://x.y, repository 111, owner 222, root sha256:ab\n');
});

test('trust remove names what is gone', async () => {
  await using control = await trustingHome();
  const { stdout } = await locara(['trust', 'remove', 'a@b.c'], control);
  expect(stdout).toBe('Acme is no longer trusted.\n');
});
