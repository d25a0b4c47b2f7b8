import { describeCapability, isCapability, type Result, RpcError } from '@locara/protocol';
import type { AppRegistry } from '../access/apps/app-registry.ts';
import { noteRequest } from '../access/rights/grants.ts';
import type { Session } from '../access/session.ts';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../log.ts';
import type { Handlers } from '../rpc/handler.ts';

export interface GrantsHandlersDeps {
  readonly registry: AppRegistry;
  readonly audit: Pick<Audit, 'decide'>;
  readonly log: Pick<Log, 'info'>;
  readonly clock?: () => Date;
}

export function grantsHandlers(deps: GrantsHandlersDeps): Handlers<'grants'> {
  return {
    'grants.list': (_params, { session }) => ({ grants: [...session.grants()] }),
    'grants.request': ({ capability }, { session }) => requestGrant(deps, session, capability),
  };
}

/** A pending capability is put before the user once; anything else is decided, and the answer is that decision. */
async function requestGrant(
  { registry, audit, log, clock = () => new Date() }: GrantsHandlersDeps,
  session: Session,
  capability: string,
): Promise<Result<'grants.request'>> {
  const { appId, version } = session;
  const grant = session.grants().find((candidate) => candidate.capability === capability);
  if (grant === undefined || !isCapability(capability)) throw undeclared(capability);
  if (grant.state === 'granted') return { grant };
  // Of many that are sent at once, one is new.
  if (grant.state === 'pending' && (await noteRequest({ registry, clock }, appId, capability))) {
    log.info('grant.requested', { appId, capability });
    audit.decide('grant.requested', appId, { version, capability });
  }
  return { grant, command: `locara app consent ${appId} ${capability}` };
}

function undeclared(capability: string): RpcError {
  const manifestPath = isCapability(capability)
    ? describeCapability(capability).declaredBy
    : 'capabilities.optional';
  return new RpcError('CapabilityDenied', 'The manifest does not declare this capability.', {
    details: { method: 'grants.request', capability, manifestPath },
  });
}
