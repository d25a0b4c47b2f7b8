import { describeTrust, type TrustedIdentity, type TrustedKey } from '@locara/protocol';
import { trustedSignerId } from '../../access/trust/signer-id.ts';
import type { TrustList } from '../../access/trust/trust-list.ts';
import type { Audit, DecisionEvent } from '../../audit/audit.ts';
import type { Log } from '../../log.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export function createTrustHandlers(deps: {
  readonly trustList: TrustList;
  readonly audit: Audit;
  readonly log: Pick<Log, 'info'>;
}): ControlHandlers<'trust'> {
  const { trustList, audit, log } = deps;
  const tell = (
    event: DecisionEvent & `trust.${string}`,
    trusted: TrustedKey | TrustedIdentity,
  ): void => {
    const { scope, publisher } = trusted;
    const signerId = trustedSignerId(trusted);
    // What the user calls it stays out of the log.
    log.info(event, { signerId, kind: scope });
    const limit = publisher === undefined ? {} : { publisher };
    audit.decide(event, undefined, { signerId, scope, ...limit });
  };
  return {
    'trust.add': async (params) => {
      const key = await trustList.add(params);
      tell('trust.added', key);
      return { key, warning: describeTrust({ ...key, kind: 'key' }) };
    },
    'trust.addIdentity': async (params) => {
      const identity = await trustList.addIdentity(params);
      tell('trust.added', identity);
      return { identity, warning: describeTrust({ ...identity, kind: 'identity' }) };
    },
    'trust.list': async () => {
      const { keys, identities } = await trustList.list();
      return { keys: [...keys], identities: [...identities] };
    },
    'trust.remove': async ({ key }) => {
      const removed = await trustList.remove(key);
      tell('trust.removed', removed);
      return { removed };
    },
  };
}
