import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkRevocationList } from '@locara/protocol';
import { ControlHome, locara } from '../../../support/run-cli.ts';
import { revocationList, writeList } from '../../../support/revocation-lists.ts';
import {
  createKeyPair,
  createManifest,
  createTemporaryFolder,
} from '../../../support/signed-package.ts';

const shown = {
  list: {
    seq: 7,
    issuedAt: '2026-11-01T00:00:00Z',
    expires: '2026-12-01T00:00:00Z',
    isExpired: false,
    entries: 2,
    signer: 'key you trust “Lists”',
  },
  blocked: [
    {
      appId: 'acme/notes',
      version: '1.0.0',
      block: { reason: 'Stole notes.', advisory: 'https://acme.example/1', seq: 7 },
    },
  ],
};

test('revocation import sends the absolute path and says what is blocked now', async () => {
  let sent: unknown;
  await using control = await ControlHome.start({
    'revocation.import': ({ params }) => {
      sent = params;
      return shown;
    },
  });
  const { stdout, exitCode } = await locara(['revocation', 'import', 'lists/new.json'], control);
  expect(exitCode).toBe(0);
  expect(sent).toEqual({ path: join(process.cwd(), 'lists/new.json') });
  expect(stdout).toContain('List 7 with 2 entries');
  expect(stdout).toMatch(/acme\/notes +1\.0\.0 +Stole notes\. +https:\/\/acme\.example\/1/);
});

test('revocation show says that an expired list stops new installs', async () => {
  const list = { ...shown.list, isExpired: true };
  await using control = await ControlHome.start({
    'revocation.show': () => ({ list, blocked: [] }),
  });
  const { stdout } = await locara(['revocation', 'show'], control);
  expect(stdout).toContain('nothing new is installed');
  expect(stdout).toContain('It blocks no installed app.');
});

test('revocation show without a list says so', async () => {
  await using control = await ControlHome.start({ 'revocation.show': () => ({ blocked: [] }) });
  expect((await locara(['revocation', 'show'], control)).stdout).toContain('No revocation list');
});

describe('sign', () => {
  const keyFile = () => {
    const path = join(createTemporaryFolder(), 'list.pem');
    writeFileSync(path, createKeyPair().keyPem, { mode: 0o600 });
    return path;
  };

  test('writes the bundle of a list beside it, and says how to trust its key', async () => {
    const path = writeList(revocationList(1));
    const { exitCode, stdout } = await locara(['sign', path, '--key', keyFile()]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('--revocation');
    const bundle = JSON.parse(readFileSync(`${path}.sigstore.json`, 'utf8')) as object;
    expect(bundle).toHaveProperty('messageSignature');
  });

  test('refuses a file that is no valid list, naming where', async () => {
    const path = writeList(revocationList(0));
    const { exitCode, stderr } = await locara(['sign', path, '--key', keyFile()]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('seq');
    expect(existsSync(`${path}.sigstore.json`)).toBe(false);
  });

  test('of a locara.json signs its package', async () => {
    const path = join(createTemporaryFolder(), 'locara.json');
    writeFileSync(path, createManifest());
    const { stdout } = await locara(['sign', path, '--key', keyFile(), '--json']);
    const { bundle } = JSON.parse(stdout) as { bundle: string };
    expect(bundle).toBe(join(dirname(path), 'locara.json.sigstore.json'));
  });
});

test('the help of import shows a list that holds', async () => {
  const { stdout } = await locara(['revocation', 'import', '--help']);
  const example = /\{"schema"[^]*?\}\]\}/.exec(stdout)?.[0] ?? '';
  expect(checkRevocationList(Buffer.from(example))).toMatchObject({ list: { seq: 1 }, errors: [] });
});
