import type { TrustList } from '../../access/trust-list.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export function createTrustHandlers(trustList: TrustList): ControlHandlers<'trust'> {
  return {
    'trust.add': async (params) => ({ key: await trustList.add(params) }),
    'trust.list': async () => ({ keys: [...(await trustList.list())] }),
    'trust.remove': async ({ key }) => ({ removed: await trustList.remove(key) }),
  };
}
