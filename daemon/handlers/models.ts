import { RpcError } from '@locara/protocol';
import type { PinnedModels } from '../models/pinned-models.ts';
import type { Handlers } from '../rpc/handler.ts';

export function modelsHandlers(deps: { readonly models: PinnedModels }): Handlers<'models'> {
  return {
    'models.list': async (_params, { session }) => ({ models: await deps.models.list(session) }),
    'models.lease': () => {
      throw new RpcError('Unavailable', 'Leases are not there yet.');
    },
    'models.release': () => {
      throw new RpcError('NotFound', 'This session holds no such lease.');
    },
    'models.ensure': async ({ model }, call) => ({ model: await deps.models.ensure(model, call) }),
  };
}
