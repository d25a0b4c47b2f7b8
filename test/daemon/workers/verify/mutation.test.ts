import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPublicGoodRoot } from '../../../../daemon/access/trust/public-good-root.ts';
import { VERIFICATION_RULES } from '../../../../daemon/workers/verify/ops.ts';
import { verifyStrictly } from '../../../../daemon/workers/verify/verify-strictly.ts';
import { readConformanceCases } from '../../../support/conformance-cases.ts';
import { verdictOf } from '../../../support/verification-rule.ts';

/** What may differ in an accepted bundle: no signature covers it, and nothing is concluded from it. */
interface Bundle {
  verificationMaterial: {
    tlogEntries: {
      logIndex?: unknown;
      integratedTime?: unknown;
      inclusionPromise?: unknown;
      inclusionProof?: { rootHash?: unknown; treeSize?: unknown; checkpoint?: unknown };
    }[];
    publicKey?: unknown;
    timestampVerificationData?: unknown;
  };
  mediaType?: unknown;
}

const outcomes: readonly unknown[] = ['accepted', ...VERIFICATION_RULES];
const cases = readConformanceCases(await readPublicGoodRoot())
  .filter(({ mustHold }) => mustHold)
  .map(({ artifactPath, ...rest }) => ({ ...rest, bytes: readFileSync(artifactPath) }));

interface Mutation {
  /** Where, as a part of the whole. */
  readonly at: number;
  readonly kind: 'set' | 'insert' | 'remove';
  readonly byte: number;
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  kind: fc.constantFrom('set' as const, 'insert' as const, 'remove' as const),
  byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('"{}[],:0AZ=/'))),
});

function mutate(seed: Buffer, { at, kind, byte }: Mutation): Buffer {
  const offset = Math.floor(at * seed.length);
  const inserted = kind === 'remove' ? [] : [byte];
  const rest = seed.subarray(kind === 'insert' ? offset : offset + 1);
  return Buffer.concat([seed.subarray(0, offset), Buffer.from(inserted), rest]);
}

test('bytes changed anywhere give one verdict by name, and never accept what says something else', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      ({ bundleBytes, bytes, signer }, mutations) => {
        const changed = mutations.reduce(mutate, bundleBytes);
        const params = { artifact: { bytes }, signers: [signer] };
        const verdict = verdictOf({ ...params, bundleBytes: changed });
        expect(outcomes).toContain(verdict);
        if (verdict !== 'accepted') return;
        const { provenance } = verifyStrictly({ ...params, bundleBytes: changed });
        expect(provenance).toEqual(verifyStrictly({ ...params, bundleBytes }).provenance);
        expect(signedParts(changed)).toEqual(signedParts(bundleBytes));
      },
    ),
    { numRuns: 1500 },
  );
});

test('bytes of nothing in particular are refused', () => {
  const [given] = cases;
  if (given === undefined) throw new Error('no case');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2048 }), (bundleBytes) => {
      const params = { bundleBytes, artifact: { bytes: given.bytes }, signers: [given.signer] };
      expect(verdictOf(params)).toBe('bundle_malformed');
    }),
  );
});

/** The bundle without what may differ. */
function signedParts(bytes: Buffer): unknown {
  const bundle = JSON.parse(bytes.toString()) as Bundle;
  delete bundle.mediaType;
  delete bundle.verificationMaterial.publicKey;
  delete bundle.verificationMaterial.timestampVerificationData;
  for (const entry of bundle.verificationMaterial.tlogEntries) {
    delete entry.logIndex;
    delete entry.integratedTime;
    delete entry.inclusionPromise;
    delete entry.inclusionProof?.rootHash;
    delete entry.inclusionProof?.treeSize;
    delete entry.inclusionProof?.checkpoint;
  }
  return bundle;
}
