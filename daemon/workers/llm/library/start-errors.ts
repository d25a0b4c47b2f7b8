import { RpcError } from '@locara/protocol/errors';
import { InsufficientMemoryError } from 'node-llama-cpp';

/** What a caller is told of an engine that did not start; `rule` says which part of it refused. */
export function toStartError(cause: unknown, rule: string): RpcError {
  if (cause instanceof InsufficientMemoryError) {
    return new RpcError('InsufficientResources', 'The model does not fit into memory.', { cause });
  }
  const message = 'The model file cannot be used; reinstall the model.';
  return new RpcError('Unavailable', message, { details: { rule }, cause });
}

/** Throws Unavailable: `task` is what the model was loaded for. */
export function refusePurpose(task: string): never {
  throw new RpcError('Unavailable', 'This model was loaded for another task.', {
    details: { task },
  });
}
