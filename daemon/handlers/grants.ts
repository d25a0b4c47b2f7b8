import { declaredCapabilities, isCapability, RpcError } from '@locara/protocol';
import type { Handlers } from '../rpc/handler.ts';

export function grantsHandlers(): Handlers<'grants'> {
  return {
    'grants.list': (_params, { session }) => ({ grants: [...session.grants()] }),
    'grants.request': ({ capability }, { session }) => {
      const grant = session.grants().find((candidate) => candidate.capability === capability);
      const isDeclared =
        isCapability(capability) && declaredCapabilities(session.manifest).includes(capability);
      if (grant === undefined || !isDeclared) {
        throw new RpcError('CapabilityDenied', 'The manifest does not declare this capability.', {
          details: { capability, manifestPath: 'capabilities.optional' },
        });
      }
      if (grant.state === 'granted') return { grant };
      return { grant, command: `locara app consent ${session.appId} ${capability}` };
    },
  };
}
