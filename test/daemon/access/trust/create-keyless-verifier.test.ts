import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createKeylessVerifier } from '../../../../daemon/access/trust/create-keyless-verifier.ts';
import type { IdentityPolicy } from '../../../../daemon/access/trust/keyless-verifier.ts';
import { readPublicGoodRoot } from '../../../../daemon/access/trust/public-good-root.ts';
import { verifyInChild } from '../../../../daemon/access/trust/verify-in-child.ts';
import { CONFORMANCE_FOLDER, readConformanceCases } from '../../../support/conformance-cases.ts';
import { rejectionOf } from '../../../support/signed-package.ts';
import { createSigstoreLab } from '../../../support/sigstore-lab.ts';
import { ruleOf } from '../../../support/verification-rule.ts';

const SAN = 'https://github.com/acme/notes/.github/workflows/release.yml@refs/tags/v1';
const ISSUER = 'https://token.actions.githubusercontent.com';

const lab = await createSigstoreLab();
const artifactBytes = Buffer.from('{"schema":"locara/v1"}');
const bundleBytes = Buffer.from(await lab.signMessage(artifactBytes, { san: SAN, issuer: ISSUER }));
const policy: IdentityPolicy = {
  identity: SAN,
  issuer: ISSUER,
  trustedRoot: lab.trustedRootText,
};
const verifier = createKeylessVerifier();

async function refusalOf(...policies: readonly IdentityPolicy[]): Promise<unknown> {
  const verify = (): unknown => verifier.verify({ artifactBytes, bundleBytes, policies });
  return ruleOf(await rejectionOf(verify));
}

test('a proof names the policy, the provenance and the attested time', async () => {
  const other = { ...policy, identity: 'https://github.com/other' };
  const proof = await verifier.verify({ artifactBytes, bundleBytes, policies: [other, policy] });
  expect(proof).toEqual({
    policy: 1,
    provenance: { identity: SAN, issuer: ISSUER },
    signedAt: lab.signedAt,
  });
});

test('attack 23: an empty list of policies accepts nobody', async () => {
  expect(await refusalOf()).toBe('untrusted_identity');
});

test('a refusal of the child is the one typed error, with a sentence', async () => {
  const refused = await rejectionOf(() =>
    verifier.verify({ artifactBytes, bundleBytes, policies: [{ ...policy, issuer: 'x' }] }),
  );
  expect(ruleOf(refused)).toBe('wrong_issuer');
  expect(refused.message).toBe(
    'The identity that signed is vouched for by another issuer than the trusted one.',
  );
});

test('attack 27: a trusted root that is incomplete is refused', async () => {
  expect(await refusalOf({ ...policy, trustedRoot: '{}' })).toBe('trust_root');
});

test('attack 26: a verification that is not done in time counts as none', async () => {
  const params = { bundleBytes, artifact: { bytes: artifactBytes }, signers: [policy] };
  const late = await rejectionOf(() => verifyInChild(params, { timeoutMs: 1, maxHeapMib: 128 }));
  expect(ruleOf(late)).toBe('verification_timeout');
});

test('a child that runs out of memory counts as none', async () => {
  const params = { bundleBytes, artifact: { bytes: artifactBytes }, signers: [policy] };
  const limits = { timeoutMs: 20_000, maxHeapMib: 2 };
  const dead = await rejectionOf(() => verifyInChild(params, limits));
  expect(ruleOf(dead)).toBe('verification_crashed');
});

test('a failed verification does not stand in the way of the next', async () => {
  const policies = [policy];
  const [bad, good] = await Promise.allSettled([
    verifier.verify({ artifactBytes, bundleBytes: Buffer.from('x'), policies }),
    verifier.verify({ artifactBytes, bundleBytes, policies }),
  ]);
  expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
});

describe('attack 30: verification without a network', async () => {
  const [given] = readConformanceCases(await readPublicGoodRoot()).filter(
    ({ name }) => name === 'happy-path-v0.3',
  );
  const root = join(import.meta.dirname, '../../../..');
  const program = [
    ...[process.execPath, '--conditions=locara-source'],
    join(root, 'daemon/verify-bundle.ts'),
  ];
  const request = JSON.stringify({
    bundle: join(CONFORMANCE_FOLDER, 'happy-path-v0.3/bundle.sigstore.json'),
    artifact: join(CONFORMANCE_FOLDER, 'a.txt'),
    signer: {
      identity: (given?.signer as IdentityPolicy).identity,
      issuer: (given?.signer as IdentityPolicy).issuer,
    },
  });
  const run = (command: string, args: readonly string[], input = request) =>
    spawnSync(command, [...args, ...program], { input, encoding: 'utf8' });
  const canRun = (command: string, ...args: readonly string[]): boolean =>
    spawnSync(command, [...args, 'true']).status === 0;

  test.runIf(canRun('unshare', '-rn'))('holds when the network is cut', () => {
    const { stdout } = run('unshare', ['-rn']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, signedAt: '2024-03-19T17:26:26.000Z' });
  });

  test.runIf(canRun('strace', '-f'))('opens no socket and connects to nothing', () => {
    const { stdout, stderr } = run('strace', ['-f', '-qq', '-e', 'trace=socket,connect,execve']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    const calls = stderr.split('\n').filter((line) => /\b(socket|connect)\(/.test(line));
    // The seal tries one socket, to see it refused; and it started anew for that.
    expect(stderr.match(/\bexecve\(/g)?.length).toBeGreaterThanOrEqual(3);
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((line) => !line.includes('EPERM'))).toEqual([]);
  });
});

test('the root of the public-good instance is the one that was published', async () => {
  const published = readFileSync(
    join(import.meta.dirname, '../../../../daemon/trusted-roots/public-good.json'),
    'utf8',
  );
  expect(await readPublicGoodRoot()).toBe(published);
  expect(JSON.parse(published)).toMatchObject({
    tlogs: [
      { baseUrl: 'https://rekor.sigstore.dev' },
      { baseUrl: 'https://log2025-1.rekor.sigstore.dev' },
    ],
  });
});
