import { RpcError } from '@locara/protocol/errors';

/** Of a model whose weights are broken: nobody gets what it computes. */
export function notFiniteError(): RpcError {
  return new RpcError('Unavailable', 'The model computes no numbers; reinstall the model.', {
    details: { rule: 'not_finite' },
  });
}
