import { RpcError } from '@locara/protocol/errors';

export function refusedFilter(problem: string): RpcError {
  return new RpcError('InvalidParams', `The filter is not valid: ${problem}.`, {
    details: { rule: 'filter' },
  });
}
