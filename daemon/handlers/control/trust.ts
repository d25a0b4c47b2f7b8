import { RpcError, type TrustedKey } from '@locara/protocol';
import type { TrustList } from '../../access/trust-list.ts';
import type { Log, LogFields } from '../../log.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export function createTrustHandlers(deps: {
  readonly trustList: TrustList;
  readonly log: Pick<Log, 'info'>;
}): ControlHandlers<'trust'> {
  const { trustList, log } = deps;
  return {
    'trust.add': async (params) => {
      const key = await trustList.add(params);
      log.info('trust.added', describeKey(key));
      return { key, warning: 'Whatever this key signs may be installed.' };
    },
    'trust.addIdentity': () => {
      throw new RpcError('Unavailable', 'Not built yet.');
    },
    'trust.list': async () => ({ keys: [...(await trustList.list())], identities: [] }),
    'trust.remove': async ({ key }) => {
      const removed = await trustList.remove(key);
      log.info('trust.removed', describeKey(removed));
      return { removed };
    },
  };
}

/** The key by its hint, as apps name it; what the user calls it stays out of the log. */
function describeKey({ hint, scope }: TrustedKey): LogFields {
  return { signerId: `key:${hint}`, kind: scope };
}
