import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppManifest } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { signCommand } from '../../../clients/cli/commands/sign.ts';
import { verifyCommand } from '../../../clients/cli/commands/verify.ts';
import type { CheckManifest } from '../../../clients/cli/commands/verify.ts';
import { locara } from '../../support/run-cli.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'locara-cli-'));

describe('verify', () => {
  const manifest = AppManifest.parse({
    schema: 'locara/v1',
    name: 'notes',
    publisher: 'acme',
    version: '1.0.0',
    displayName: 'Notes',
    description: 'Keeps notes.',
    license: 'Apache-2.0',
    author: { name: 'Ada', email: 'ada@acme.example' },
    modalities: ['text-to-text'],
  });
  const verify = (checked: ReturnType<CheckManifest>, ...options: string[]) => {
    const path = folder();
    writeFileSync(join(path, 'locara.json'), '{}');
    const registrations = [verifyCommand(() => checked)];
    return locara(['verify', path, ...options], { registrations });
  };

  test('says what a valid manifest asks for', async () => {
    const { exitCode, stdout } = await verify({ manifest, errors: [], warnings: [] });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Write text with a language model');
  });

  test('exits with 1 and lists what is wrong', async () => {
    const errors = [{ path: 'version', rule: 'strict semantic versioning' }];
    const { exitCode, stdout } = await verify({ errors, warnings: [] }, '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { reason: 'InvalidManifest', details: { errors } },
    });
  });

  test('takes warnings as errors with --strict only', async () => {
    const checked = { manifest, errors: [], warnings: [{ path: 'tags', rule: 'repeated' }] };
    expect((await verify(checked)).exitCode).toBe(0);
    expect((await verify(checked, '--strict')).exitCode).toBe(1);
  });

  test('of nothing says that there is no manifest', async () => {
    const registrations = [verifyCommand(() => ({ errors: [], warnings: [] }))];
    const { exitCode, stderr } = await locara(['verify', '/nowhere'], { registrations });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('locara.json');
  });
});

describe('sign', () => {
  const signed: string[] = [];
  const registrations = [
    signCommand({
      loadOrCreateDevelopmentKey: (path) =>
        Promise.resolve({ keyPem: `development ${path}`, publicKeyPath: '/config/key.pub.pem' }),
      signPackage: (path, { keyPem }) => {
        signed.push(keyPem);
        return Promise.resolve({ bundlePath: `${path}/bundle`, publicKeyPem: 'public' });
      },
      signList: (path) =>
        Promise.resolve({ bundlePath: `${path}.sigstore.json`, publicKeyPem: 'public' }),
    }),
  ];

  test('uses the development key of the config folder', async () => {
    const argv = ['sign', '/pkg', '--json'];
    const { stdout } = await locara(argv, { home: '/home/x', registrations });
    expect(JSON.parse(stdout)).toEqual({
      bundle: '/pkg/bundle',
      publicKey: '/config/key.pub.pem',
    });
    expect(signed.at(-1)).toBe('development /home/x/config/development-key.pem');
  });

  test('with --key writes the public half beside the key', async () => {
    const key = join(folder(), 'own.pem');
    writeFileSync(key, 'own');
    const { stdout } = await locara(['sign', '/pkg', '--key', key, '--json'], { registrations });
    const publicKey = key.replace('own.pem', 'own.pub.pem');
    expect(JSON.parse(stdout)).toEqual({ bundle: '/pkg/bundle', publicKey });
    expect(signed.at(-1)).toBe('own');
    expect(readFileSync(publicKey, 'utf8')).toBe('public');
  });
});
