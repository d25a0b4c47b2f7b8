import { checkManifest } from '@locara/protocol';

/** Has something of every kind of field, so that no schema is left to be compiled later. */
export const WARMING_SAMPLE = {
  schema: 'locara/v1',
  name: 'sample',
  publisher: 'locara',
  version: '1.0.0',
  displayName: 'Sample',
  description: 'Never installed.',
  license: 'MIT',
  author: { name: 'Locara', email: 'sample@locara.example' },
  modalities: ['text-to-text'],
  models: [`sample@sha256:${'0'.repeat(64)}`],
  storage: { sql: true },
};

/**
 * Checks a sample manifest, to have the schemas compiled: that takes 7 ms and more once, which the first
 * installation would otherwise take from everybody who is connected.
 */
export function warmManifestCheck(): void {
  checkManifest(Buffer.from(JSON.stringify(WARMING_SAMPLE)));
}
