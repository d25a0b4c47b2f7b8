import fc from 'fast-check';
import { AppManifest } from '@locara/protocol';

const access = fc.constantFrom('read', 'read-write');
const subset = (values: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...values]);

const net = fc.oneof(
  fc.boolean(),
  fc.record(
    {
      allowed_hosts: fc.subarray(
        ['api.example.org', '*.example.org', 'example.org', '*.org', '*.api.example.org'],
        { minLength: 1 },
      ),
      allowed_ports: fc.subarray([80, 443, 8080], { minLength: 1 }),
    },
    { requiredKeys: ['allowed_hosts'] },
  ),
);

const capabilities = fc.record({
  net,
  fs: fc.record({
    'user-selected': fc.oneof(access, fc.constant(false)),
    'app-data': fc.oneof(access, fc.constant(false)),
    'user-paths': fc.dictionary(
      fc.constantFrom('documents', 'documents/**', 'documents/*.md', 'documents/a', '~', '/'),
      access,
      { noNullPrototype: true },
    ),
  }),
  device: fc.dictionary(fc.constantFrom('camera', 'microphone', 'location'), fc.boolean(), {
    noNullPrototype: true,
  }),
  tools: subset(['ocr', 'vision.classify']),
  ipc: fc.array(
    fc.record({
      app: fc.constant('acme/notes'),
      collection: fc.constantFrom('a', 'b'),
      access,
    }),
    { maxLength: 3 },
  ),
  background: fc.oneof(
    fc.boolean(),
    fc.record({ mode: fc.constantFrom('active', 'passive', false), reasons: subset(['sync']) }),
  ),
  notifications: fc.oneof(fc.boolean(), fc.record({ modes: subset(['alert', 'badge', 'sound']) })),
  optional: subset(['llm:generate', 'tools:ocr']),
});

/** The JSON of manifests that are valid, with every field that asks for something. */
export const arbitraryManifestJson: fc.Arbitrary<Record<string, unknown>> = fc.record({
  schema: fc.constant('locara/v1'),
  name: fc.constant('notes'),
  publisher: fc.constant('acme'),
  version: fc.constant('1.0.0'),
  displayName: fc.constant('Notes'),
  description: fc.constant('Keeps notes.'),
  license: fc.constantFrom('Apache-2.0', 'MIT OR LicenseRef-acme'),
  author: fc.constant({ name: 'Ada', email: 'ada@example.org' }),
  modalities: subset(['text-to-text', 'text-to-embedding', 'text-to-image']),
  models: subset([`a@sha256:${'1'.repeat(64)}`, `a@sha256:${'2'.repeat(64)}`]),
  capabilities,
  storage: fc.record(
    {
      sql: fc.boolean(),
      quota_mb: fc.constantFrom(1, 2, 4096),
      backups: fc.record({ enabled: fc.boolean() }),
    },
    { requiredKeys: [] },
  ),
});

/** Manifests, parsed. */
export const arbitraryManifest: fc.Arbitrary<AppManifest> = arbitraryManifestJson.map((json) =>
  AppManifest.parse(json),
);
