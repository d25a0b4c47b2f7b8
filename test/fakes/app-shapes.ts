import {
  type ConsentSummary,
  type InstalledApp,
  type PendingExpansion,
  type Rights,
  type RightsDiff,
} from '@locara/protocol';

export const DIGEST = `sha256:${'ab'.repeat(32)}`;
export const DIFF_DIGEST = `sha256:${'cd'.repeat(32)}`;
export const APP = 'acme/notes';
export const NO_CHANGE: RightsDiff = { added: [], widened: [], narrowed: [], removed: [] };

const HOUR_MS = 60 * 60 * 1000;

/** What an app asks for that leaves all to the defaults. */
export function rights(changes: Partial<Rights> = {}): Rights {
  return {
    capabilities: ['llm:generate'],
    models: [],
    hosts: [],
    ports: [],
    userSelected: 'read',
    userPaths: {},
    devices: [],
    ipc: [],
    background: 'none',
    notifications: [],
    quotaMb: 1024,
    backups: false,
    ...changes,
  };
}

/** What the daemon says of a package before it is installed. */
export function summary(changes: Partial<ConsentSummary> = {}): ConsentSummary {
  return {
    appId: APP,
    version: '1.0.0',
    displayName: 'Notes',
    description: 'Keeps notes.',
    author: 'Ada',
    license: 'Apache-2.0',
    manifestDigest: DIGEST,
    consentDigest: DIFF_DIGEST,
    signer: { id: 'key:aGludA==', words: 'key you trust “Acme”', scope: 'sideloading' },
    attestation: 'install-key',
    badges: [],
    grants: [
      {
        capability: 'llm:generate',
        sentence: 'Write text with a language model on this computer.',
        declaredBy: 'modalities',
        optional: false,
      },
    ],
    models: [],
    rights: rights(),
    risks: [],
    ...changes,
  };
}

/** An update that adds text recognition and drops a host; its cool-down runs for another 5 days 3 hours. */
export function expansion(changes: Partial<PendingExpansion> = {}): PendingExpansion {
  return {
    diffDigest: DIFF_DIGEST,
    diff: {
      added: [{ path: 'modalities', sentence: 'Read the text in images.', capability: 'ocr:run' }],
      widened: [{ path: 'storage.quota_mb', sentence: 'More space.', from: '1 GB', to: '2 GB' }],
      narrowed: [{ path: 'capabilities.net.allowed_hosts', sentence: 'Fewer hosts.' }],
      removed: [{ path: 'capabilities.device', sentence: 'The camera.' }],
    },
    fromVersion: '1.0.0',
    firstSeenAt: '2026-11-01T10:00:00Z',
    remainingMs: 123 * HOUR_MS,
    ...changes,
  };
}

/** An installed app with one granted capability. */
export function installedApp(changes: Partial<InstalledApp> = {}): InstalledApp {
  return {
    appId: APP,
    version: '1.0.0',
    displayName: 'Notes',
    manifestDigest: DIGEST,
    attestation: 'install-key',
    signer: 'key you trust “Acme”',
    signerId: 'key:aGludA==',
    scope: 'sideloading',
    badges: [],
    installedAt: '2026-01-02T03:04:05Z',
    revoked: false,
    grants: [grant('llm:generate', 'granted')],
    ...changes,
  };
}

export function grant(
  capability: string,
  state: InstalledApp['grants'][number]['state'],
  changes: Partial<InstalledApp['grants'][number]> = {},
): InstalledApp['grants'][number] {
  return { capability, state, sentence: capability, uses: 0, denials: 0, ...changes };
}
