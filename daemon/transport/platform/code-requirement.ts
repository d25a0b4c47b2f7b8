import { isBundleId, isTeamId, type MacCodeIdentity } from '@locara/protocol';

/** How the code of a macOS program is recognised. */
export type CodeIdentity =
  | MacCodeIdentity
  /** One exact build, by its 20-byte code directory hash: for development. */
  | { readonly codeDirectoryHash: string };

const HASH = /^[0-9a-f]{40}$/;

/** The requirement text for Security.framework. Throws on anything that could change its meaning. */
export function renderCodeRequirement(identity: CodeIdentity): string {
  if ('codeDirectoryHash' in identity) {
    if (!HASH.test(identity.codeDirectoryHash)) throw new Error('malformed code directory hash');
    return `cdhash H"${identity.codeDirectoryHash}"`;
  }
  const { bundleId, teamId } = identity;
  if (!isBundleId(bundleId)) throw new Error('malformed bundle id');
  if (!isTeamId(teamId)) throw new Error('malformed team id');
  return [
    'anchor apple generic',
    `identifier "${bundleId}"`,
    `certificate leaf[subject.OU] = "${teamId}"`,
    // Developer ID: the intermediate's and the leaf's marker.
    'certificate 1[field.1.2.840.113635.100.6.2.6] exists',
    'certificate leaf[field.1.2.840.113635.100.6.1.13] exists',
  ].join(' and ');
}
