import { RpcError } from '@locara/protocol';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export function revocationHandlers(): ControlHandlers<'revocation'> {
  return {
    'revocation.import': () => {
      throw new RpcError('Unavailable', 'Not built yet.');
    },
    'revocation.show': () => ({ blocked: [] }),
  };
}
