import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CatalogEntry, Model } from '@locara/protocol';
import type { Log } from '../log.ts';
import { bytesOf, type ModelCatalog, readCatalog } from './catalog.ts';
import { createLoadedSight, type LoadedSight } from './loaded-sight.ts';
import type { RunningEngines } from '../scheduler/engines.ts';
import { createModelCache, type ModelCache } from './model-cache.ts';
import { createSourceLocator } from './model-sources.ts';
import {
  createPinnedModels,
  describeModel,
  type ModelFacts,
  type PinnedModels,
} from './pinned-models.ts';

/** The catalog, the cache, and what apps and the user see of them. */
export interface Models {
  readonly catalog: ModelCatalog;
  readonly cache: ModelCache;
  readonly pinned: PinnedModels;
  readonly sight: LoadedSight;
  listAll(): Model[];
  /** Of the pin that a manifest names, if the catalog has exactly it. */
  findPinned(pin: string): PinnedEntry | undefined;
}

/** What the catalog and the cache know of a pin. */
export interface PinnedEntry {
  readonly task: CatalogEntry['task'];
  /** Of all its files, unpacked. */
  readonly bytes: number;
  readonly installed: boolean;
}

const VOICE_ACTIVITY = 'silero-vad';

export function createModels(deps: { readonly folder: string; readonly log: Log }): {
  /** The voice-activity model's file name, among the files of every ready speech model. */
  readonly vadFile: string;
  forEngines(engines: ModelFacts & Pick<RunningEngines, 'worker'>): Models;
} {
  const catalogPath = findCatalog();
  const catalog = readCatalog(catalogPath);
  const voiceActivity = catalog.own(VOICE_ACTIVITY);
  const cache = createModelCache({
    folder: deps.folder,
    locateSource: createSourceLocator(catalogPath),
    entries: [...catalog.models, voiceActivity],
    log: deps.log,
  });
  const companionsOf = (entry: CatalogEntry) =>
    entry.task === 'speech-to-text' ? [voiceActivity] : [];
  return {
    vadFile: voiceActivity.files[0]?.name ?? '',
    forEngines: (engines) => {
      const sight = createLoadedSight();
      return {
        catalog,
        cache,
        sight,
        pinned: createPinnedModels({ catalog, cache, companionsOf, engines, sight }),
        findPinned: (pin) => {
          const entry = catalog.findPinned(pin);
          if (entry === undefined) return undefined;
          const installed = entry.embedded === true || cache.isInstalled(entry);
          return { task: entry.task, bytes: bytesOf(entry), installed };
        },
        listAll: () => catalog.models.map((entry) => describeModel(entry, { cache, engines })),
      };
    },
  };
}

/** models/catalog.json of this installation, from the sources or from dist. */
function findCatalog(): string {
  const candidates = ['../../models/catalog.json', '../../../models/catalog.json'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error('models/catalog.json is missing from this installation');
  return found;
}
