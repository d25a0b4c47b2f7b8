import type { Model } from '@locara/protocol';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export function modelsControlHandlers(deps: {
  readonly listModels: () => Model[];
}): ControlHandlers<'models'> {
  return { 'models.list': () => ({ models: deps.listModels() }) };
}
