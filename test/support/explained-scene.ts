import { join } from 'node:path';
import {
  type AppManifest,
  type Block,
  checkManifest,
  declaredCapabilities,
  type Explanation,
  rightsOf,
} from '@locara/protocol';
import type { AppRecord } from '../../daemon/access/apps/app-registry.ts';
import { createAppExplainer } from '../../daemon/access/rights/app-explainer.ts';
import { digestOf, readCatalog } from '../../daemon/models/catalog.ts';
import { createManifest } from './signed-package.ts';

export const catalog = readCatalog(join(import.meta.dirname, '../../models/catalog.json'));
export const PINS = catalog.models.map((entry) => `${entry.id}@${digestOf(entry)}`);
const APP = 'acme/notes';

/** One app in one state, and which models are on the computer. */
export interface Scene {
  readonly record: AppRecord | undefined;
  readonly block?: Block | undefined;
  readonly installed: readonly string[];
  readonly isDamaged?: boolean;
  readonly isIntact?: boolean;
  readonly remainingMs?: number;
}

export const ASKS_FOR_ALL = {
  modalities: ['text-to-text', 'text-to-embedding', 'speech-to-text', 'image-to-text'],
  models: PINS,
  storage: { sql: true },
};

export function parseManifest(changes: Readonly<Record<string, unknown>>): AppManifest {
  const { manifest, errors } = checkManifest(createManifest(changes));
  if (manifest === undefined) throw new Error(JSON.stringify(errors));
  return manifest;
}

export function createRecord(changes: Partial<AppRecord> = {}): AppRecord {
  const manifest = changes.manifest ?? parseManifest(ASKS_FOR_ALL);
  return {
    appId: APP,
    manifest,
    manifestDigest: 'sha256:',
    installPublicKey: new Uint8Array(32),
    attestation: 'install-key',
    signer: { id: 'key:1', words: 'Ada', scope: 'sideloading' },
    installedAt: '2026-01-01T00:00:00Z',
    revoked: false,
    grants: declaredCapabilities(manifest).map((capability) => ({ capability, state: 'granted' })),
    approved: rightsOf(manifest),
    ...changes,
  };
}

export function explain(method: string, scene: Scene): Explanation {
  const { record, block, installed, isDamaged = false, isIntact = true, remainingMs = 0 } = scene;
  return createAppExplainer({
    registry: { find: () => record, isDamaged: () => isDamaged, isIntact: () => isIntact },
    blocks: { find: () => block },
    remainingMs: () => remainingMs,
    findModel: (pin) => {
      const entry = catalog.findPinned(pin);
      return entry && { task: entry.task, installed: installed.includes(entry.id) };
    },
  })({ appId: APP, method });
}

/** Every model of the catalog. */
export const ALL: readonly string[] = catalog.models.map(({ id }) => id);
