import type { AppManifest, Badge, Signer } from '@locara/protocol';

/** What the privacy label is computed from. */
export interface BadgeSubject {
  readonly manifest: AppManifest;
  readonly signer: Signer;
}

/** The privacy label of an app: what follows from who signed it. */
export function badgesOf({ signer }: BadgeSubject): Badge[] {
  return signer.scope === 'development' ? [DEVELOPMENT] : [SIDELOADED];
}

const DEVELOPMENT: Badge = {
  id: 'development',
  label: 'Development',
  because: 'It is signed with a key for development.',
};
const SIDELOADED: Badge = {
  id: 'sideloaded',
  label: 'Sideloaded',
  because: 'It comes from outside any registry.',
};
