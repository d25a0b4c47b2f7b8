import {
  type CatalogEntry,
  type Modality,
  type Model,
  parseModelPin,
  type Progress,
  RpcError,
} from '@locara/protocol';
import type { Session } from '../access/session.ts';
import type { SessionCall } from '../rpc/handler.ts';
import type { AppModels, ReadyModel } from './app-models.ts';
import { bytesOf, digestOf, type ModelCatalog } from './catalog.ts';
import type { ModelCache } from './model-cache.ts';

/** The models of an app, as its manifest pins them; others are invisible. */
export interface PinnedModels extends AppModels {
  list(session: Session): Promise<Model[]>;
  /** What the app's manifest pins, with the digest that names each. */
  pinnedOf(session: Session): readonly { readonly id: string; readonly digest: string }[];
  ensure(model: string, call: SessionCall): Promise<Model>;
}

export interface PinnedModelsDeps {
  readonly catalog: ModelCatalog;
  readonly cache: ModelCache;
  /** The daemon's own models that one needs beside it, as voice activity for speech. */
  readonly companionsOf: (entry: CatalogEntry) => readonly CatalogEntry[];
  /** True while an engine holds the model in memory. */
  readonly isLoaded: (digest: string) => boolean;
}

export function createPinnedModels(deps: PinnedModelsDeps): PinnedModels {
  const pinnedOf = (session: Session) => listPinned(deps.catalog, session);
  const find = (session: Session, model: string) => findPinned(pinnedOf(session), model);
  return {
    resolve: async ({ call, tasks, model }) => {
      const entry =
        model === undefined
          ? pinnedOf(call.session).find(({ task }) => isOneOf(tasks, task))
          : find(call.session, model);
      if (entry === undefined) {
        throw new RpcError('NotFound', 'The manifest of this app pins no model for this.', {
          details: { tasks, manifestPath: 'models' },
        });
      }
      if (!isOneOf(tasks, entry.task)) {
        throw new RpcError('InvalidParams', 'This model is for something else.', {
          details: { issues: [{ path: 'model', rule: `a model for ${tasks.join(' or ')}` }] },
        });
      }
      return prepareModel(entry, call, deps);
    },
    pinnedOf: (session) =>
      pinnedOf(session).map((entry) => ({ id: entry.id, digest: digestOf(entry) })),
    list: (session) =>
      Promise.resolve(pinnedOf(session).map((entry) => describeModel(entry, deps))),
    ensure: async (model, call) => {
      const entry = find(call.session, model);
      await prepareModel(entry, call, deps);
      return describeModel(entry, deps);
    },
  };
}

function listPinned(catalog: ModelCatalog, { manifest }: Session): CatalogEntry[] {
  return manifest.models
    .map((pin) => catalog.findPinned(pin))
    .filter((entry) => entry !== undefined);
}

/** By id, or by the whole pin: `<id>@sha256:<hex>`. */
function findPinned(pinned: readonly CatalogEntry[], model: string): CatalogEntry {
  const { id } = model.includes('@') ? parseModelPin(model) : { id: model };
  const entry = pinned.find((candidate) => candidate.id === id);
  if (entry === undefined || (model.includes('@') && model !== `${id}@${digestOf(entry)}`)) {
    throw new RpcError(
      'NotFound',
      'The manifest of this app pins no such model: models.list names those it pins.',
    );
  }
  return entry;
}

/** Puts the files of the model, and of what it needs beside it, into the cache. */
async function prepareModel(
  entry: CatalogEntry,
  call: SessionCall,
  deps: Pick<PinnedModelsDeps, 'cache' | 'companionsOf'>,
): Promise<ReadyModel> {
  const onProgress = (progress: Progress): void => {
    call.progress(progress);
  };
  const paths = new Map<string, string>();
  for (const needed of [entry, ...deps.companionsOf(entry)]) {
    const found = await deps.cache.ensure(needed, { signal: call.signal, onProgress });
    for (const [name, path] of found) paths.set(name, path);
  }
  return toReadyModel(entry, paths);
}

/** A model as apps and the user see it. */
export function describeModel(
  entry: CatalogEntry,
  deps: Pick<PinnedModelsDeps, 'cache' | 'isLoaded'>,
): Model {
  const digest = digestOf(entry);
  const state = deps.isLoaded(digest)
    ? 'loaded'
    : deps.cache.isInstalled(entry) || entry.embedded === true
      ? 'installed'
      : 'absent';
  return {
    id: entry.id,
    digest,
    task: entry.task as Modality,
    state,
    bytes: bytesOf(entry),
    license: entry.license,
    description: entry.description,
    ...(entry.contextTokens === undefined ? {} : { contextTokens: entry.contextTokens }),
    ...(entry.chatTemplate === undefined ? {} : { chatTemplate: entry.chatTemplate }),
    ...(entry.dimensions === undefined ? {} : { dimensions: entry.dimensions }),
  };
}

function toReadyModel(entry: CatalogEntry, paths: ReadonlyMap<string, string>): ReadyModel {
  return {
    entry,
    digest: digestOf(entry),
    path: (fileName = entry.files[0]?.name ?? '') => {
      const path = paths.get(fileName);
      if (path === undefined) throw new Error('The model has no such file');
      return path;
    },
  };
}

function isOneOf(tasks: readonly Modality[], task: CatalogEntry['task']): boolean {
  return tasks.some((candidate) => candidate === task);
}
