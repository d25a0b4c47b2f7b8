/** The sample app asks for the four engines and a store, and for nothing else: no network, no SQL. */
export function sampleManifest(models: readonly { id: string; digest: string }[]): object {
  return {
    schema: 'locara/v1',
    name: 'field-notes',
    publisher: 'locara-samples',
    version: '1.0.0',
    displayName: 'Field Notes',
    description: 'Takes notes by voice, camera and keyboard, and finds them again.',
    license: 'Apache-2.0',
    author: { name: 'Locara samples', email: 'samples@locara.app' },
    modalities: ['text-to-text', 'text-to-embedding', 'speech-to-text', 'image-to-text'],
    models: models.map(({ id, digest }) => `${id}@${digest}`),
    capabilities: { net: false, fs: { 'app-data': 'read-write' } },
  };
}

/** A sentence of the stored documents that must never lie on the disk in the clear. */
export const CANARY = 'The heron nests behind the old mill';

export const DOCUMENTS = [
  { id: 'heron', text: `${CANARY} and feeds on small fish.`, metadata: { kind: 'bird' } },
  {
    id: 'budget',
    text: 'Rent, taxes and interest rates rose again this year.',
    metadata: { kind: 'money' },
  },
  {
    id: 'soup',
    text: 'Boil the potatoes with leek and cream for a thick soup.',
    metadata: { kind: 'food' },
  },
] as const;
