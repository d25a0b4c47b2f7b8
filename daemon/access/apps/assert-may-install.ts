import { RpcError } from '@locara/protocol';
import { compare } from 'semver';
import { recordDamaged } from './absent-app.ts';
import type { AppRegistry, Standing } from './app-registry.ts';
import { assertBlocksAreFresh, assertNotBlocked } from '../trust/assert-not-blocked.ts';
import { type Blocks, toBlockSubject } from '../trust/blocks.ts';
import { standingOf } from './former-app.ts';
import type { VerifiedPackage } from './verify-package.ts';

/** What the user decided on an app before, and on which version of it. */
export interface Earlier extends Standing {
  readonly version: string;
}

/** Of the installed app, or of one that was uninstalled and left its data. */
export function findEarlier(registry: AppRegistry, appId: string): Earlier | undefined {
  const installed = registry.find(appId);
  if (installed !== undefined) {
    return { ...standingOf(installed), version: installed.manifest.version };
  }
  const former = registry.findFormer(appId);
  return former?.standing && { ...former.standing, version: former.version };
}

/** Throws when the package must not be installed, whatever the user says. */
export function assertMayInstall(
  { registry, blocks }: { readonly registry: AppRegistry; readonly blocks: Blocks },
  verified: VerifiedPackage,
): void {
  assertSameSigner(registry, verified);
  assertNotBlocked(blocks, toBlockSubject(verified));
  assertBlocksAreFresh(blocks);
  const earlier = findEarlier(registry, verified.appId);
  if (earlier !== undefined) assertNoRollback(earlier, verified);
}

/** The data of an app belongs to who signed it first, even while it is not installed. */
function assertSameSigner(registry: AppRegistry, { appId, signer }: VerifiedPackage): void {
  if (registry.isDamaged(appId)) throw recordDamaged(appId);
  const owner = registry.find(appId)?.signer ?? registry.findFormer(appId)?.signer;
  if (owner === undefined || owner.id === signer.id) return;
  throw new RpcError(
    'Unauthenticated',
    `This app, or the data it left, was signed by ${owner.words}; the package is signed by ${signer.words}. If you mean to change that, uninstall the app with --wipe first.`,
    { details: { rule: 'signer_changed', before: owner.words, now: signer.words } },
  );
}

function assertNoRollback(earlier: Earlier, { manifest, manifestDigest }: VerifiedPackage): void {
  const order = compare(manifest.version, earlier.version);
  if (order < 0) {
    throw new RpcError(
      'Conflict',
      `Version ${earlier.version}, which is newer, is or was installed.`,
      { details: { rule: 'downgrade' } },
    );
  }
  if (order === 0 && manifestDigest !== earlier.manifestDigest) {
    throw new RpcError(
      'Conflict',
      'Another manifest of the same version is or was installed: give this one a higher version.',
      { details: { rule: 'same_version' } },
    );
  }
}
