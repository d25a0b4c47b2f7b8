import { checkManifest, type Grant, rightsOf } from '@locara/protocol';
import { digestOf } from '../../daemon/access/trust/digest.ts';
import type { AppRecord, AppRegistry } from '../../daemon/access/apps/app-registry.ts';
import { createAppRegistry } from '../../daemon/access/apps/create-app-registry.ts';
import type { Log } from '../../daemon/log.ts';
import type { Paths } from '../../daemon/paths.ts';
import { createManifest } from './signed-package.ts';

/** A registry, and the apps that its log warns of. */
export interface Opened {
  readonly registry: AppRegistry;
  readonly warnings: { appId?: string }[];
}

export async function openRegistry(paths: Paths): Promise<Opened> {
  const warnings: { appId?: string }[] = [];
  const log: Pick<Log, 'warn'> = {
    warn: (_event, { appId } = {}) => void warnings.push({ appId: String(appId) }),
  };
  return { registry: await createAppRegistry({ paths, log }), warnings };
}

/** What an installation of the test manifest would put, with everything granted. */
export function createRecord(overrides: Readonly<Record<string, unknown>> = {}): {
  record: AppRecord;
  manifestBytes: Buffer;
} {
  const manifestBytes = createManifest(overrides);
  const { manifest } = checkManifest(manifestBytes);
  if (manifest === undefined) throw new Error('the test manifest is not valid');
  return {
    manifestBytes,
    record: {
      appId: `${manifest.publisher}/${manifest.name}`,
      manifest,
      manifestDigest: digestOf(manifestBytes),
      installPublicKey: Buffer.alloc(32, 7),
      attestation: 'install-key',
      signer: { id: 'key:abc', words: 'key you trust “Ada”', scope: 'sideloading' },
      installedAt: '2026-01-01T00:00:00.000Z',
      revoked: false,
      grants: [
        { capability: 'store:read', state: 'granted' },
        { capability: 'store:write', state: 'granted' },
      ],
      approved: rightsOf(manifest),
    },
  };
}

/** Changes the decision on that capability. */
export function decide(
  capability: string,
  state: Grant['state'],
): (record: AppRecord) => AppRecord {
  return (record) => ({
    ...record,
    grants: record.grants.map((grant) =>
      grant.capability === capability ? { ...grant, state } : grant,
    ),
  });
}

export const revoke = (record: AppRecord): AppRecord => ({ ...record, revoked: true });
