import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RpcError } from '@locara/protocol';
import type { TrustList } from '../../../../daemon/access/trust/trust-list.ts';
import { bundleOf, manifestBytes, trusting, verifySigned } from '../../../support/bundles.ts';
import { createKeyPair } from '../../../support/signed-package.ts';

const key = createKeyPair();

const outcomeOf = async (list: TrustList, bundleBytes: Uint8Array): Promise<string> => {
  try {
    return (await verifySigned({ manifestBytes, bundleBytes }, list)).signer.words;
  } catch (error) {
    if (error instanceof RpcError && error.reason === 'Unauthenticated') return 'refused';
    throw error;
  }
};

test.each(['ecdsa-p256', 'ed25519'] as const)(
  'no changed byte of a bundle by an %s key ever crashes or verifies',
  async (algorithm) => {
    const signer = createKeyPair(algorithm);
    const list = await trusting(signer);
    const bundle = bundleOf(signer);
    expect(await outcomeOf(list, bundle)).toBe('key you trust “key 0”');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bundle.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const mutated = Buffer.from(bundle);
          mutated[at] = (mutated[at] ?? 0) ^ by;
          expect(await outcomeOf(list, mutated)).toBe('refused');
        },
      ),
      { numRuns: 1500 },
    );
  },
);

test('a signature whose length cannot become a number is refused (it made the schema throw)', async () => {
  const bundleBytes = bundleOf(key, (bundle) => {
    const { messageSignature } = bundle as unknown as Record<string, Record<string, unknown>>;
    if (messageSignature !== undefined) messageSignature['signature'] = { length: {} };
  });
  expect(await outcomeOf(await trusting(key), bundleBytes)).toBe('refused');
});

test('no JSON value in the place of another ever crashes or verifies', async () => {
  const list = await trusting(key);
  const paths = [
    ['mediaType'],
    ['verificationMaterial'],
    ['verificationMaterial', 'publicKey'],
    ['verificationMaterial', 'publicKey', 'hint'],
    ['messageSignature'],
    ['messageSignature', 'messageDigest'],
    ['messageSignature', 'messageDigest', 'algorithm'],
    ['messageSignature', 'messageDigest', 'digest'],
    ['messageSignature', 'signature'],
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, value) => {
      const bundleBytes = bundleOf(key, (bundle) => {
        const last = path.at(-1) ?? '';
        let parent = bundle as unknown as Record<string, unknown>;
        for (const step of path.slice(0, -1)) parent = parent[step] as Record<string, unknown>;
        parent[last] = value;
      });
      expect(await outcomeOf(list, bundleBytes)).toBe('refused');
    }),
    { numRuns: 500 },
  );
});
