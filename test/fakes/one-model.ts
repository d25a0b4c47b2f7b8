import type { CatalogEntry } from '@locara/protocol';
import { RpcError } from '@locara/protocol';
import type { AppModels } from '../../daemon/models/app-models.ts';
import type { Engines } from '../../daemon/scheduler/engines.ts';
import type { LlmOps } from '../../daemon/workers/llm/ops.ts';
import type { Worker } from '../../daemon/workers/worker.ts';

/** The models of an app that pins exactly this one. */
export function oneModel(entry: Partial<CatalogEntry> & Pick<CatalogEntry, 'task'>): AppModels {
  const full = { id: 'm', description: '', license: 'MIT', files: [], ...entry };
  return {
    resolve: ({ tasks, model }) =>
      (model === undefined || model === full.id) && tasks.some((task) => task === full.task)
        ? Promise.resolve({
            entry: full,
            digest: `sha256:${'0'.repeat(64)}`,
            path: () => '',
            verify: () => Promise.resolve(),
          })
        : Promise.reject(new RpcError('NotFound', 'No such model.')),
  };
}

/** Engines whose only worker is this one. */
export function oneWorker(worker: Worker<LlmOps>): Engines {
  const absent = (): never => {
    throw new RpcError('Unavailable', 'Not in this test.');
  };
  return { llm: () => worker, speech: absent, ocr: absent };
}
