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
import type { RunningEngines } from '../scheduler/engines.ts';
import type { LoadedSight } from './loaded-sight.ts';
import type { EnsureOptions, ModelCache } from './model-cache.ts';

/** The models of an app, as its manifest pins them; others are invisible. */
export interface PinnedModels extends AppModels {
  list(session: Session): Model[];
  /** What the app's manifest pins, with the digest that names each. */
  pinnedOf(session: Session): readonly { readonly id: string; readonly digest: string }[];
  /** By id or by its whole pin, made ready; whatever its task. Throws NotFound, Unavailable. */
  prepare(model: string, call: SessionCall): Promise<ReadyModel>;
  /** The same for a model that is about to be loaded: from then on the session sees that it is. */
  use(model: string, call: SessionCall): Promise<ReadyModel>;
  describe(model: ReadyModel, session: Session): Model;
}

export interface PinnedModelsDeps {
  readonly catalog: ModelCatalog;
  readonly cache: ModelCache;
  /** The daemon's own models that one needs beside it, as voice activity for speech. */
  readonly companionsOf: (entry: CatalogEntry) => readonly CatalogEntry[];
  readonly engines: ModelFacts & Pick<RunningEngines, 'worker'>;
  readonly sight: LoadedSight;
}

/** What is known of models beyond the catalog and the cache. */
export type ModelFacts = Pick<RunningEngines, 'isLoaded' | 'quarantineMs' | 'contextTokensOf'>;

export function createPinnedModels(deps: PinnedModelsDeps): PinnedModels {
  const pinnedOf = (session: Session) => listPinned(deps.catalog, session);
  const find = (session: Session, model: string) => findPinned(pinnedOf(session), model);
  const describe = (entry: CatalogEntry, session: Session): Model => {
    const { cache, engines, sight } = deps;
    const isLoaded = (digest: string) => engines.isLoaded(digest) && sight.sees(session, digest);
    return describeModel(entry, { cache, engines: { ...engines, isLoaded } });
  };
  const prepareToUse = async (entry: CatalogEntry, call: SessionCall): Promise<ReadyModel> => {
    const ready = await prepareModel(entry, call, deps);
    deps.sight.use(call.session, ready.digest);
    return ready;
  };
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
      return prepareToUse(entry, call);
    },
    pinnedOf: (session) =>
      pinnedOf(session).map((entry) => ({ id: entry.id, digest: digestOf(entry) })),
    list: (session) => pinnedOf(session).map((entry) => describe(entry, session)),
    prepare: async (model, call) => prepareModel(find(call.session, model), call, deps),
    use: async (model, call) => prepareToUse(find(call.session, model), call),
    describe: ({ entry }, session) => describe(entry, session),
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

/**
 * Puts the files of the model, and of what it needs beside it, into the cache. A loaded model is ready
 * whatever became of its files: its worker holds them open, and they are looked at again before the next start.
 */
async function prepareModel(
  entry: CatalogEntry,
  call: SessionCall,
  { cache, companionsOf, engines }: Pick<PinnedModelsDeps, 'cache' | 'companionsOf' | 'engines'>,
): Promise<ReadyModel> {
  const files = [entry, ...companionsOf(entry)];
  const ensureAll = async (options: EnsureOptions): Promise<void> => {
    for (const needed of files) await cache.ensure(needed, options);
  };
  const onProgress = (progress: Progress): void => {
    call.progress(progress);
  };
  const digest = digestOf(entry);
  if (!engines.isLoaded(digest)) await ensureAll({ signal: call.signal, onProgress });
  const paths = new Map(files.flatMap((needed) => [...cache.pathsOf(needed)]));
  return {
    entry,
    digest,
    path: (fileName = entry.files[0]?.name ?? '') => {
      const path = paths.get(fileName);
      if (path === undefined) throw new Error('The model has no such file');
      return path;
    },
    verify: (signal) => ensureAll({ signal }),
  };
}

/** A model as apps and the user see it. */
export function describeModel(
  entry: CatalogEntry,
  { cache, engines }: { readonly cache: ModelCache; readonly engines: ModelFacts },
): Model {
  const digest = digestOf(entry);
  const contextTokens = engines.contextTokensOf(entry, digest);
  const quarantineMs = engines.quarantineMs(digest);
  const state = engines.isLoaded(digest)
    ? 'loaded'
    : cache.isInstalled(entry) || entry.embedded === true
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
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(entry.chatTemplate === undefined ? {} : { chatTemplate: entry.chatTemplate }),
    ...describeTemplate(entry),
    ...(entry.dimensions === undefined ? {} : { dimensions: entry.dimensions }),
    ...(quarantineMs === 0
      ? {}
      : { unusableUntil: new Date(Date.now() + quarantineMs).toISOString() }),
  };
}

/** A model without a chat template calls no tools; of others the catalog says so. */
function describeTemplate(entry: CatalogEntry): Pick<Model, 'tools' | 'reasoning'> {
  const tools = entry.tools ?? (entry.chatTemplate === false ? false : undefined);
  return {
    ...(tools === undefined ? {} : { tools }),
    ...(entry.reasoning === undefined ? {} : { reasoning: entry.reasoning }),
  };
}

function isOneOf(tasks: readonly Modality[], task: CatalogEntry['task']): boolean {
  return tasks.some((candidate) => candidate === task);
}
