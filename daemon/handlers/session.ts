import { LIMITS, type Result } from '@locara/protocol';
import type { Session } from '../access/session.ts';
import type { Handlers } from '../rpc/handler.ts';

export interface SessionHandlersDeps {
  readonly limits: Readonly<Record<string, number>>;
  readonly quotasOf: (session: Session) => Result<'session.info'>['quotas'];
}

export function sessionHandlers(deps: SessionHandlersDeps): Handlers<'session'> {
  return {
    'session.hello': (params, { handshake }) => handshake.hello(params),
    'session.authenticate': (params, { handshake }) => handshake.authenticate(params),
    'session.enroll': (params, { handshake }) => handshake.enroll(params),
    'session.info': (_params, { session }) => ({
      app: { id: session.appId, version: session.version, displayName: session.displayName },
      attestation: session.attestation,
      grants: [...session.grants()],
      limits: {
        maxMessageBytes: LIMITS.maxMessageBytes,
        maxMessageDepth: LIMITS.maxMessageDepth,
        maxMessageValues: LIMITS.maxMessageValues,
        maxCallsPerConnection: LIMITS.maxCallsPerConnection,
        maxCallsPerApp: LIMITS.maxCallsPerApp,
        maxBlobAppendBytes: LIMITS.maxBlobAppendBytes,
        maxBlobReadBytes: LIMITS.maxBlobReadBytes,
        ...deps.limits,
      },
      quotas: deps.quotasOf(session),
    }),
  };
}
