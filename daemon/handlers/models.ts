import type { PinnedModels } from '../models/pinned-models.ts';
import type { Handlers } from '../rpc/handler.ts';

export function modelsHandlers(deps: { readonly models: PinnedModels }): Handlers<'models'> {
  return {
    'models.list': async (_params, { session }) => ({ models: await deps.models.list(session) }),
    'models.ensure': async ({ model }, call) => ({ model: await deps.models.ensure(model, call) }),
  };
}
