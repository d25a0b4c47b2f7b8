import type { Provenance } from '@locara/protocol';
import type { RpcError } from '@locara/protocol/errors';
import type { IdentityRequirement, VerificationRule } from './ops.ts';
import { refuse } from './refuse.ts';

/** Every field letter by letter: no patterns, no prefixes, no letter case. */
export function assertIdentity(provenance: Provenance, required: IdentityRequirement): void {
  const { sourceRepositoryId, sourceRepositoryOwnerId } = required;
  if (provenance.identity !== required.identity) throw refuse('untrusted_identity');
  if (provenance.issuer !== required.issuer) throw refuse('wrong_issuer');
  if (
    (sourceRepositoryId !== undefined && provenance.sourceRepositoryId !== sourceRepositoryId) ||
    (sourceRepositoryOwnerId !== undefined &&
      provenance.sourceRepositoryOwnerId !== sourceRepositoryOwnerId)
  ) {
    throw refuse('wrong_repository');
  }
}

/** From the nearest miss to the farthest; the rules between say why a signature does not hold at all. */
const NEAREST: readonly VerificationRule[] = [
  'wrong_repository',
  'wrong_issuer',
  'untrusted_identity',
];
const FARTHEST: VerificationRule = 'wrong_material';

/** Of several signers that all do not fit, the refusal that tells most; of none, that nobody is trusted. */
export function pickRefusal(refusals: readonly RpcError[]): RpcError {
  const rank = (refusal: RpcError): number => {
    const rule = refusal.details?.['rule'];
    const nearness = NEAREST.findIndex((near) => near === rule);
    if (nearness !== -1) return nearness;
    return rule === FARTHEST ? NEAREST.length + 1 : NEAREST.length;
  };
  return refusals.toSorted((a, b) => rank(a) - rank(b))[0] ?? refuse('untrusted_identity');
}
