import { ATTESTATIONS, type Attestation, type Capability } from '@locara/protocol';

/** Capabilities that a weakly attested session does not get; all others need no more than `development`. */
const FLOORS: Partial<Readonly<Record<Capability, Attestation>>> = {};

/** Whether a session's identity is established well enough for the capability. */
export function reachesTier(
  attestation: Attestation,
  capability: Capability,
  floors: typeof FLOORS = FLOORS,
): boolean {
  const floor = floors[capability] ?? 'development';
  return ATTESTATIONS.indexOf(attestation) <= ATTESTATIONS.indexOf(floor);
}
