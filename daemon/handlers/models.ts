import type { Params, Result } from '@locara/protocol';
import type { Leases } from '../models/leases.ts';
import type { PinnedModels } from '../models/pinned-models.ts';
import type { Handlers, SessionCall } from '../rpc/handler.ts';
import type { RunningEngines } from '../scheduler/engines.ts';

export interface ModelsHandlersDeps {
  readonly models: PinnedModels;
  readonly engines: Pick<RunningEngines, 'worker'>;
  readonly leases: Leases;
}

/** Well above any model's start: with no deadline of the caller, loading ends by its own. */
const LOAD_TIMEOUT_MS = 10 * 60 * 1000;

export function modelsHandlers(deps: ModelsHandlersDeps): Handlers<'models'> {
  const { models, engines, leases } = deps;
  return {
    'models.list': (_params, { session }) => ({ models: models.list(session) }),
    'models.ensure': async ({ model }, call) => {
      const ready = await models.prepare(model, call);
      // An unsound file is found out now, and how much context it gets is known from now on.
      engines.worker(ready);
      return { model: models.describe(ready, call.session) };
    },
    'models.lease': (params, call) => lease(deps, params, call),
    'models.release': ({ lease: leaseId }, { session }) => {
      leases.release(session, leaseId);
      return { released: true };
    },
  };
}

async function lease(
  { models, engines, leases }: ModelsHandlersDeps,
  { model, ttlMs, timeoutMs }: Params<'models.lease'>,
  call: SessionCall,
): Promise<Result<'models.lease'>> {
  const arrivedAt = performance.now();
  const { session, signal } = call;
  const ready = await models.use(model, call);
  const worker = engines.worker(ready);
  const load = () =>
    worker.call('load', undefined, {
      app: session.appId,
      signal,
      timeoutMs: LOAD_TIMEOUT_MS,
      ...(timeoutMs === undefined
        ? {}
        : { deadlineMs: Math.max(1, timeoutMs - (performance.now() - arrivedAt)) }),
      onProgress: (progress) => {
        call.progress(progress);
      },
    });
  const { digest } = ready;
  const { id, expiresAt } = await leases.take({ session, digest, ttlMs, load });
  return {
    lease: id,
    expiresAt: new Date(expiresAt).toISOString(),
    model: models.describe(ready, session),
  };
}
