import * as z from 'zod';
import type { Capability } from './capabilities.ts';
import { isCapability } from './capabilities.ts';
import { HostPattern } from './host-pattern.ts';
import { Licence } from './licence.ts';
import {
  DeviceName,
  Email,
  Line,
  ModelPin,
  RelativePath,
  SemVer,
  smallRecord,
  Text,
  ToolId,
  WebUrl,
} from './manifest-fields.ts';
import { SharedCollections } from './shared-collection.ts';
import { Slug } from './slug.ts';
import { UserPath } from './user-path.ts';

/** Everything a model can be for. The last three parse, and calls needing them answer `Unavailable`. */
export const MODALITIES = [
  'text-to-text',
  'text-to-text-thinking',
  'text-to-embedding',
  'speech-to-text',
  'image-to-text',
  'text-to-speech',
  'voice-to-voice',
  'text-to-image',
] as const;
export type Modality = (typeof MODALITIES)[number];

const FileAccess = z.literal(['read-write', 'read', false]);

const Net = z.union(
  [
    z.boolean(),
    z.strictObject({
      allowed_hosts: z.array(HostPattern).min(1).max(64),
      allowed_ports: z.array(z.int().min(1).max(65_535)).min(1).max(64).optional(),
    }),
  ],
  { error: 'false, true, or {allowed_hosts, allowed_ports?}' },
);

const Fs = z.strictObject({
  'user-selected': FileAccess.default('read'),
  'app-data': FileAccess.default('read-write'),
  'user-paths': smallRecord(UserPath, z.enum(['read', 'read-write'])).optional(),
});

const Capabilities = z.strictObject({
  net: Net.default(false),
  fs: Fs.prefault({}),
  device: smallRecord(DeviceName, z.boolean()).default({}),
  tools: z.array(ToolId).max(64).default([]),
  ipc: SharedCollections.default([]),
  background: z
    .union(
      [
        z.boolean(),
        z.strictObject({
          mode: z.literal(['active', 'passive', false]).default(false),
          reasons: z.array(Line.max(140)).max(8).optional(),
        }),
      ],
      { error: 'true, false, or {mode, reasons?}' },
    )
    .default(false),
  notifications: z
    .union(
      [z.boolean(), z.strictObject({ modes: z.array(z.enum(['alert', 'badge', 'sound'])).max(3) })],
      { error: 'true, false, or {modes}' },
    )
    .default(false),
  optional: z
    .array(
      z.custom<Capability>(
        (value) => typeof value === 'string' && isCapability(value),
        'a capability, as llm:generate or tools:<id>',
      ),
    )
    .max(64)
    .default([]),
});

const Storage = z.strictObject({
  sql: z.boolean().default(false),
  encryption: z.unknown().optional(),
  vector: z.strictObject({ engine: z.enum(['sqlite-vec', 'zvec']) }).optional(),
  quota_mb: z.int().min(1).max(1_048_576).optional(),
  backups: z.strictObject({ enabled: z.boolean().default(false) }).prefault({}),
});

const Tokens = z.int().min(1).max(1_000_000_000_000);

/** Less than the user allows every app; more is not refused, but has no effect. */
export const InferenceLimits = z.strictObject({
  concurrent_calls: z.int().min(1).max(4096).optional(),
  tokens_per_minute: Tokens.optional(),
  tokens_per_day: Tokens.optional(),
});
export type InferenceLimits = z.output<typeof InferenceLimits>;

const Profile = z.strictObject({ min_ram_gb: z.number().positive() });

/** `locara.json`, schema locara/v1. Unknown keys are refused; what is left out has the safe default. */
export const AppManifest = z
  .strictObject({
    schema: z.literal('locara/v1'),
    name: Slug,
    publisher: Slug,
    version: SemVer,
    displayName: Line.max(40),
    description: Line.max(140),
    longDescription: Text.max(20_000).optional(),
    license: Licence,
    homepage: WebUrl.optional(),
    repository: WebUrl.optional(),
    author: z.strictObject({
      name: Line.max(128),
      email: Email,
      url: WebUrl.optional(),
    }),
    category: Line.max(64).optional(),
    tags: z.array(Line.max(32)).max(10).optional(),
    icon: RelativePath.optional(),
    screenshots: z.array(RelativePath).max(5).optional(),
    modalities: z.array(z.enum(MODALITIES)).max(MODALITIES.length).default([]),
    models: z.array(ModelPin).max(64).default([]),
    capabilities: Capabilities.prefault({}),
    storage: Storage.prefault({}),
    limits: InferenceLimits.optional(),
    profiles: z
      .strictObject({
        low: Profile.optional(),
        mid: Profile.optional(),
        high: Profile.optional(),
      })
      .optional(),
    entry: z.unknown().optional(),
    build: z.unknown().optional(),
  })
  .meta({ id: 'AppManifest' });
export type AppManifest = z.output<typeof AppManifest>;

export const MANIFEST_FILE = 'locara.json';
export const BUNDLE_FILE = 'locara.json.sigstore.json';

/** True for `publisher/name` in the manifest's own syntax: safe as a folder below the daemon's data. */
export function isAppId(value: string): boolean {
  const [publisher, name, ...rest] = value.split('/');
  return rest.length === 0 && Slug.safeParse(publisher).success && Slug.safeParse(name).success;
}

/** `publisher/name`. */
export function appIdOf(manifest: Pick<AppManifest, 'publisher' | 'name'>): string {
  return `${manifest.publisher}/${manifest.name}`;
}

/** An id and its pinned digest, from `<id>@sha256:<hex>`. */
export function parseModelPin(pin: string): { id: string; digest: string } {
  const at = pin.lastIndexOf('@');
  return { id: pin.slice(0, at), digest: pin.slice(at + 1) };
}

/** What each offered modality asks for; the others have no row. */
export const MODALITY_CAPABILITY: Partial<Record<Modality, Capability>> = {
  'text-to-text': 'llm:generate',
  'text-to-text-thinking': 'llm:generate',
  'text-to-embedding': 'embed:create',
  'speech-to-text': 'transcribe:run',
  'image-to-text': 'ocr:run',
};

/** Every capability the manifest asks for, in a stable order; those of `capabilities.optional` start as pending. What it does not declare is denied. */
export function declaredCapabilities(manifest: AppManifest): readonly Capability[] {
  const declared = new Set<Capability>();
  for (const modality of manifest.modalities) {
    const capability = MODALITY_CAPABILITY[modality];
    if (capability !== undefined) declared.add(capability);
  }
  const appData = manifest.capabilities.fs['app-data'];
  if (appData !== false) declared.add('store:read');
  if (appData === 'read-write') declared.add('store:write');
  if (manifest.storage.sql) declared.add('store:sql');
  for (const tool of manifest.capabilities.tools) declared.add(`tools:${tool}`);
  for (const capability of manifest.capabilities.optional) declared.add(capability);
  return [...declared].sort();
}
