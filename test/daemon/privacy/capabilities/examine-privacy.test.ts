import { RpcError } from '@locara/protocol';
import { expect, test } from 'vitest';
import {
  examinePrivacy,
  type PrivacyProbes,
} from '../../../../daemon/privacy/capabilities/examine-privacy.ts';
import { namesAes } from '../../../../daemon/privacy/capabilities/platform/linux.ts';

const PROBES: PrivacyProbes = {
  platform: 'linux',
  hasArgon2: () => Promise.resolve(true),
  hasAes: () => true,
  askKeyring: () => Promise.resolve(),
  askWorker: () => Promise.resolve(),
};

const absent = async (probes: Partial<PrivacyProbes>): Promise<string[]> =>
  (await examinePrivacy({ ...PROBES, ...probes }))
    .filter(({ available }) => !available)
    .map(({ id }) => id);

test('no secure enclave and no locked memory are claimed, on any system', async () => {
  expect(await absent({})).toEqual(['secureEnclave', 'memoryLocking']);
  expect(await absent({ platform: 'darwin' })).toEqual(['secureEnclave', 'memoryLocking']);
});

test('what cannot be found out counts as absent', async () => {
  const refuse = () => Promise.reject(new Error('no'));
  const fail = () => {
    throw new Error('no');
  };
  const probes = {
    hasArgon2: () => Promise.resolve(false),
    hasAes: fail,
    askKeyring: refuse,
    askWorker: refuse,
  };
  expect(await absent(probes)).toEqual([
    'argon2',
    'hardwareAes',
    'keyring',
    'secureEnclave',
    'sealedWorker',
    'memoryLocking',
  ]);
});

test('a worker that cannot be sealed is told apart from one that does not start', async () => {
  const error = new RpcError('Unavailable', 'No.', { details: { cause: 'confinement' } });
  const found = await examinePrivacy({ ...PROBES, askWorker: () => Promise.reject(error) });
  expect(found.find(({ id }) => id === 'sealedWorker')?.uses).toContain('cannot be sealed');
});

test.each([
  ['flags\t\t: fpu aes avx', true],
  ['Features\t: fp asimd aes pmull', true],
  ['flags\t\t: fpu vaes', false],
  ['model name: aes', false],
])('a processor with AES is known by its flags: %j', (cpuinfo, expected) => {
  expect(namesAes(`processor: 0\n${cpuinfo}\n`)).toBe(expected);
});
