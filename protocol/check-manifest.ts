import { AppManifest, type Modality, MODALITY_CAPABILITY } from './app-manifest.ts';
import type { Capability } from './capabilities.ts';
import { readMacCode } from './code-identity.ts';
import { parseUnknown } from './parse-unknown.ts';
import { parseStrictJson, renderPath, StrictJsonError } from './strict-json.ts';

/** Where a manifest breaks, or stretches, which rule; never its values. */
export interface ManifestFinding {
  /** As `capabilities.tools[0]`; empty for the document. */
  readonly path: string;
  readonly rule: string;
}

export interface ManifestCheck {
  /** Present exactly when there are no errors; defaults are filled in. */
  readonly manifest?: AppManifest;
  readonly errors: readonly ManifestFinding[];
  readonly warnings: readonly ManifestFinding[];
}

/** What the catalog says a pinned model (`<id>@sha256:<hex>`) is for; undefined when it has no such model. */
export type TaskOfModel = (pin: string) => string | undefined;

/**
 * Checks the raw bytes of a locara.json: errors refuse it, warnings are for its author and reviewers.
 * With `taskOfModel`, models and modalities are compared one by one.
 */
export function checkManifest(bytes: Uint8Array, taskOfModel?: TaskOfModel): ManifestCheck {
  const document = parseDocument(bytes);
  if ('finding' in document) return { errors: [document.finding], warnings: [] };
  const parsed = parseUnknown(AppManifest, document.value);
  if (!parsed.success) {
    return { errors: parsed.issues.flatMap((issue) => toFindings(issue)), warnings: [] };
  }
  return { manifest: parsed.data, errors: [], warnings: findWarnings(parsed.data, taskOfModel) };
}

type Issue = NonNullable<ReturnType<typeof AppManifest.safeParse>['error']>['issues'][number];

function parseDocument(bytes: Uint8Array): { value: unknown } | { finding: ManifestFinding } {
  try {
    return { value: parseStrictJson(bytes) };
  } catch (error) {
    if (error instanceof StrictJsonError) {
      return { finding: { path: error.path, rule: error.rule } };
    }
    throw error;
  }
}

function toFindings(issue: Issue): ManifestFinding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: renderPath([...issue.path, key]),
      rule: 'no key of locara/v1',
    }));
  }
  return [{ path: renderPath(issue.path), rule: issue.message }];
}

function findWarnings(manifest: AppManifest, taskOfModel?: TaskOfModel): ManifestFinding[] {
  return [
    ...warnAboutAccess(manifest),
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

function warnAboutAccess({ capabilities, storage }: AppManifest): ManifestFinding[] {
  const findings: ManifestFinding[] = [];
  if (capabilities.net === true) {
    findings.push({ path: 'capabilities.net', rule: 'reaches every host; name allowed_hosts' });
  }
  if (storage.sql && capabilities.fs['app-data'] === false) {
    findings.push({
      path: 'storage.sql',
      rule: 'is useless while capabilities.fs.app-data is false',
    });
  }
  if (capabilities.ipc.length > 0) {
    findings.push({ path: 'capabilities.ipc', rule: 'is not offered yet' });
  }
  return findings;
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
