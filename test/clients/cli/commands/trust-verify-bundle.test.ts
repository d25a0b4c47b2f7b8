import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { locara } from '../../../support/run-cli.ts';
import { CONFORMANCE_FOLDER, readConformanceCases } from '../../../support/conformance-cases.ts';
import { createSigstoreLab, createStatement } from '../../../support/sigstore-lab.ts';

const cases = readConformanceCases('');
const argvOf = (name: string): readonly string[] =>
  cases.find((one) => one.name === name)?.argv ?? [];
const verify = (...argv: readonly string[]) => locara(['trust', 'verify-bundle', ...argv]);

test.each([
  ['happy-path-v0.3', 'a certificate under the root that ships with the daemon'],
  ['managed-key-happy-path', 'a key'],
  ['intoto-with-custom-trust-root', 'a statement under another root'],
])('attack 20: %s (%s) is accepted with exit code 0', async (name) => {
  const { exitCode, stdout } = await verify(...argvOf(name));
  expect(stdout).toMatch(/^Accepted: signed by .*, no later than 20\d\d-.*Z\.\n$/);
  expect(exitCode).toBe(0);
});

test.each(['signature-mismatch_fail', 'managed-key-wrong-key_fail'])(
  'attack 20: %s is refused with exit code 1 and one sentence',
  async (name) => {
    const { exitCode, stdout, stderr } = await verify(...argvOf(name));
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^locara: [A-Z][^\n]*\.\n$/);
    expect(exitCode).toBe(1);
  },
);

test.each([
  ['--certificate-identity', '.*', 'another identity than the one asked for'],
  ['--certificate-oidc-issuer', 'https://issuer.example', 'Another issuer than the one asked for'],
])('another value of %s is said to be that, without a word of a trust list', async (...row) => {
  const [option, value, words] = row;
  const argv = [...argvOf('happy-path-v0.3')];
  argv[argv.indexOf(option) + 1] = value;
  const { exitCode, stderr } = await verify(...argv);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain('trust list');
});

test('a digest stands for the artifact', async () => {
  const digest = createHash('sha256').update('the artifact').digest('hex');
  const argv = argvOf('happy-path-v0.3').slice(0, -1);
  const artifact = cases.find(({ name }) => name === 'happy-path-v0.3')?.artifactPath ?? '';
  const good = createHash('sha256').update(readFileSync(artifact)).digest('hex');
  expect((await verify(...argv, `sha256:${good}`)).exitCode).toBe(0);
  const { exitCode, stdout } = await verify(...argv, `sha256:${digest}`, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    error: { reason: 'Unauthenticated', details: { rule: 'digest_mismatch' } },
  });
  expect(exitCode).toBe(1);
});

test('with --json the provenance and the time are told', async () => {
  const { stdout } = await verify(...argvOf('happy-path-v0.3'), '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    provenance: { issuer: 'https://token.actions.githubusercontent.com' },
    signedAt: '2024-03-19T17:26:26.000Z',
  });
});

test('a large artifact is read as a stream, and verified like any other', async () => {
  const signer = { san: 'https://github.com/acme', issuer: 'https://issuer.example' };
  const artifact = Buffer.alloc(9 * 1024 * 1024, 7);
  const lab = await createSigstoreLab();
  const folder = mkdtempSync(join(tmpdir(), 'locara-verify-'));
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const root = write('root.json', lab.trustedRootText);
  const file = write('artifact', artifact);
  const argv = [
    ...['--certificate-identity', signer.san, '--certificate-oidc-issuer', signer.issuer],
    ...['--trusted-root', root],
  ];
  const message = write('message.json', await lab.signMessage(artifact, signer));
  const statement = write(
    'statement.json',
    await lab.signStatement(createStatement(artifact), signer),
  );
  expect((await verify('--bundle', message, ...argv, file)).exitCode).toBe(0);
  expect((await verify('--bundle', statement, ...argv, file)).exitCode).toBe(0);
  writeFileSync(file, Buffer.of(8), { flag: 'a' });
  expect((await verify('--bundle', message, ...argv, file)).exitCode).toBe(1);
  expect((await verify('--bundle', statement, ...argv, file)).exitCode).toBe(1);
});

describe('attack 23: a check that names no signer is misuse', () => {
  const [bundle, artifact] = [
    argvOf('happy-path-v0.3')[1] ?? '',
    join(CONFORMANCE_FOLDER, 'a.txt'),
  ];
  test.each([
    ['nobody', []],
    ['an identity without its issuer', ['--certificate-identity', 'x']],
    ['an issuer alone', ['--certificate-oidc-issuer', 'x']],
    ['an empty identity', ['--certificate-identity', '', '--certificate-oidc-issuer', 'x']],
    [
      'an identity and a key',
      ['--certificate-identity', 'x', '--certificate-oidc-issuer', 'x', '--key', 'k'],
    ],
  ])('%s', async (_, argv) => {
    const { exitCode } = await verify('--bundle', bundle, ...argv, artifact);
    expect(exitCode).toBe(2);
  });
});

test('a file that is not there is named by its role, never by its path', async () => {
  const { exitCode, stderr } = await verify(
    '--bundle',
    '/nowhere/b',
    '--key',
    '/nowhere/k',
    '/nowhere/a',
  );
  expect(stderr).toBe('locara: The bundle cannot be read.\n');
  expect(exitCode).toBe(1);
});
