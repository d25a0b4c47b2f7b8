import fc from 'fast-check';
import { normalizeRights, type Rights } from '@locara/protocol';

// Few values of each kind, close to each other: so that two draws often meet, nest or clash.
const HOSTS = [
  '*',
  'example.org',
  'api.example.org',
  'v1.api.example.org',
  '*.example.org',
  '*.api.example.org',
  '*.org',
  'evil-example.org',
];
const PATHS = [
  'documents',
  'documents/**',
  'documents/*',
  'documents/*.md',
  'documents/a',
  'documents/a/**',
  'documents/a/*.md',
  'documents/a/b',
  'documents/ab',
  'documents/A',
  'downloads',
  '~',
  '~/**',
  '/',
  '/documents',
  'documents/../downloads',
  'documents/',
];
const shared = (collection: string, access: string): string =>
  `{"access":"${access}","app":"acme/notes","collection":"${collection}"}`;

const someOf = (values: readonly string[]): fc.Arbitrary<string[]> =>
  fc.subarray([...values]).map((chosen) => chosen.reverse());

/** Rights of every shape, in their one spelling. */
export const arbitraryRights: fc.Arbitrary<Rights> = fc
  .record({
    capabilities: someOf(['llm:generate', 'store:read', 'store:write', 'tools:ocr']),
    models: someOf(
      ['a', 'b'].flatMap((id) => ['1', '2'].map((digit) => `${id}@sha256:${digit.repeat(64)}`)),
    ),
    hosts: someOf(HOSTS),
    ports: fc.oneof(
      fc.constant('all' as const),
      fc.uniqueArray(fc.constantFrom(80, 443, 8080), { maxLength: 3 }),
    ),
    userSelected: fc.constantFrom('none' as const, 'read' as const, 'read-write' as const),
    userPaths: fc.dictionary(
      fc.constantFrom(...PATHS),
      fc.constantFrom('read' as const, 'read-write' as const),
      { maxKeys: 6, noNullPrototype: true },
    ),
    devices: someOf(['camera', 'location', 'microphone']),
    ipc: someOf(['a', 'b'].flatMap((name) => [shared(name, 'read'), shared(name, 'read-write')])),
    background: fc.constantFrom('none' as const, 'passive' as const, 'active' as const),
    notifications: someOf(['alert', 'badge', 'sound']),
    quotaMb: fc.integer({ min: 1, max: 3 }),
    backups: fc.boolean(),
  })
  .map(normalizeRights);
