import { rightsOf } from '@locara/protocol';
import type { AppRecord, FormerApp, Standing } from './app-registry.ts';

/** What the user decided so far about an installed app. */
export function standingOf(record: AppRecord): Standing {
  const { manifestDigest, manifest, approved, grants, expansion } = record;
  return { manifestDigest, asked: rightsOf(manifest), approved, grants, expansion };
}

/** What stays on file when the app is uninstalled. */
export function toFormerApp(record: AppRecord): FormerApp {
  const { appId, signer, manifest } = record;
  const { id, words } = signer;
  return {
    appId,
    signer: { id, words },
    version: manifest.version,
    standing: standingOf(record),
  };
}

/** Of an app whose record cannot be read: no package is signed by nobody, so nobody gets its data. */
export function toUnknownFormerApp(appId: string): FormerApp {
  const words = 'a signer that its damaged record no longer names';
  return { appId, signer: { id: 'unknown', words }, version: '0.0.0' };
}
