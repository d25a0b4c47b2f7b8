import { type AppManifest, appIdOf, type Modality, MODALITY_CAPABILITY } from './app-manifest.ts';
import { readMacCode } from './code-identity.ts';
import type { Capability } from './capabilities.ts';
import { LIMITS } from './limits.ts';
import { KNOWN_DEVICES } from './manifest-fields.ts';
import type { ManifestFinding } from './manifest-findings.ts';
import { renderPath } from './strict-json.ts';
import { isWholeDisk } from './user-path.ts';

/** What the catalog says a pinned model (`<id>@sha256:<hex>`) is for; undefined when it has no such model. */
export type TaskOfModel = (pin: string) => string | undefined;

/** What is allowed and yet worth a question. */
export function findWarnings(manifest: AppManifest, taskOfModel?: TaskOfModel): ManifestFinding[] {
  return [
    ...warnAboutNetwork(manifest),
    ...warnAboutFiles(manifest),
    ...warnAboutStorage(manifest),
    ...warnAboutOffers(manifest),
    ...warnAboutModels(manifest),
    ...(taskOfModel === undefined ? [] : warnAboutTasks(manifest, taskOfModel)),
    ...warnAboutOptional(manifest),
    ...(readMacCode(manifest.build) === 'malformed'
      ? [
          {
            path: 'build.macos',
            rule: 'needs a bundleId and a teamId; the app has no code identity',
          },
        ]
      : []),
    ...(manifest.repository === undefined
      ? [{ path: 'repository', rule: 'names no source, so nobody can review it' }]
      : []),
  ];
}

function warnAboutNetwork({ capabilities: { net } }: AppManifest): ManifestFinding[] {
  if (net === false) return [];
  if (net === true) {
    return [{ path: 'capabilities.net', rule: 'reaches every host; name allowed_hosts' }];
  }
  return net.allowed_hosts.flatMap((host, index) => {
    const path = `capabilities.net.allowed_hosts[${index}]`;
    if (/^\*\.[^.]+$/.test(host)) return [{ path, rule: 'is every host of a top-level domain' }];
    return isLocalName(host) ? [{ path, rule: 'is a name of the local network' }] : [];
  });
}

/** What no public name server knows (RFC 6762, RFC 8375, and the reserved .internal). */
function isLocalName(host: string): boolean {
  return !host.includes('.') || /\.(?:local|internal|home\.arpa)$/.test(host);
}

function warnAboutFiles({ capabilities: { fs } }: AppManifest): ManifestFinding[] {
  return Object.entries(fs['user-paths'] ?? {}).flatMap(([path, access]) => {
    const where = renderPath(['capabilities', 'fs', 'user-paths', path]);
    return [
      ...(isWholeDisk(path) ? [{ path: where, rule: 'is everything the user has' }] : []),
      ...(access === 'read-write'
        ? [{ path: where, rule: 'changes files that the user did not pick' }]
        : []),
    ];
  });
}

function warnAboutStorage({ capabilities, storage }: AppManifest): ManifestFinding[] {
  const isUseless = storage.sql && capabilities.fs['app-data'] === false;
  const isLarge = (storage.quota_mb ?? 0) > LIMITS.defaultStoreQuotaMb;
  const path = 'storage.sql';
  return [
    ...(isUseless ? [{ path, rule: 'is useless while capabilities.fs.app-data is false' }] : []),
    ...(isLarge
      ? [
          {
            path: 'storage.quota_mb',
            rule: `is more than the usual ${LIMITS.defaultStoreQuotaMb} MiB`,
          },
        ]
      : []),
  ];
}

function warnAboutOffers(manifest: AppManifest): ManifestFinding[] {
  const { capabilities } = manifest;
  const unknown = Object.keys(capabilities.device).filter((name) => !KNOWN_DEVICES.includes(name));
  return [
    ...unknown.map((name) => ({
      path: `capabilities.device.${name}`,
      rule: `is no device known here; known are ${KNOWN_DEVICES.join(', ')}`,
    })),
    ...capabilities.ipc.flatMap(({ app }, index) => {
      const rule = 'is the app itself: nothing is shared with that';
      return app === appIdOf(manifest) ? [{ path: `capabilities.ipc[${index}].app`, rule }] : [];
    }),
  ];
}

function warnAboutModels({ modalities, models }: AppManifest): ManifestFinding[] {
  const served = modalities.filter((modality) => MODALITY_CAPABILITY[modality] !== undefined);
  const findings = modalities.flatMap((modality, index) =>
    served.includes(modality)
      ? []
      : [{ path: `modalities[${index}]`, rule: 'is not offered yet: calls answer Unavailable' }],
  );
  if (models.length > 0 && served.length === 0) {
    findings.push({ path: 'models', rule: 'pins models that no modality uses' });
  }
  if (served.length > 0 && models.length === 0) {
    findings.push({ path: 'modalities', rule: 'needs a pinned model; models is empty' });
  }
  const ids = models.map((pin) => pin.slice(0, pin.lastIndexOf('@')));
  models.forEach((_, index) => {
    if (ids.indexOf(ids[index] ?? '') < index) {
      findings.push({ path: `models[${index}]`, rule: 'pins a model that is pinned already' });
    }
  });
  return findings;
}

function warnAboutTasks(
  { modalities, models }: AppManifest,
  taskOfModel: TaskOfModel,
): ManifestFinding[] {
  const tasks = models.map((pin) => taskOfModel(pin));
  const served = tasks.map((task) => MODALITY_CAPABILITY[task as Modality]);
  const wanted = modalities.map((modality) => MODALITY_CAPABILITY[modality]);
  return [
    ...models.flatMap((_, index) => {
      const path = `models[${index}]`;
      if (tasks[index] === undefined) return [{ path, rule: 'is not in the catalog' }];
      return wanted.includes(served[index]) ? [] : [{ path, rule: 'serves no modality' }];
    }),
    ...wanted.flatMap((capability, index) =>
      capability === undefined || models.length === 0 || served.includes(capability)
        ? []
        : [{ path: `modalities[${index}]`, rule: 'has no pinned model' }],
    ),
  ];
}

function warnAboutOptional({ capabilities, modalities, storage }: AppManifest): ManifestFinding[] {
  const findings: ManifestFinding[] = [];
  const appData = capabilities.fs['app-data'];
  const declaredElsewhere = new Set<Capability>([
    ...modalities.flatMap((modality: Modality) => MODALITY_CAPABILITY[modality] ?? []),
    ...(appData === false ? [] : (['store:read'] as const)),
    ...(appData === 'read-write' ? (['store:write'] as const) : []),
    ...(storage.sql ? (['store:sql'] as const) : []),
    ...capabilities.tools.map((tool) => `tools:${tool}` as const),
  ]);
  capabilities.optional.forEach((capability, index) => {
    const path = `capabilities.optional[${index}]`;
    if (!declaredElsewhere.has(capability)) {
      findings.push({ path, rule: 'is declared nowhere else in the manifest' });
    }
    if (capabilities.optional.indexOf(capability) < index) {
      findings.push({ path, rule: 'is listed already' });
    }
  });
  return findings;
}
