import type { Result } from '@locara/protocol';
import type { Session } from '../access/session.ts';
import type { Handlers } from '../rpc/handler.ts';

export interface DaemonHandlersDeps {
  readonly version: string;
  readonly startedAt: number;
  /** The app's own connections, calls and waiting work; never another app's. */
  readonly usageOf: (session: Session) => Pick<Result<'daemon.status'>, 'calls' | 'connections'>;
  readonly quotasOf: (session: Session) => Result<'daemon.status'>['quotas'];
  /** Of the models that the app pins, as far as it uses them. */
  readonly enginesOf: (session: Session) => Result<'daemon.status'>['engines'];
}

export function daemonHandlers(deps: DaemonHandlersDeps): Handlers<'daemon'> {
  return {
    'daemon.ping': () => ({ ok: true }),
    'daemon.status': (_params, { session }) => ({
      version: deps.version,
      uptimeMs: Math.round(performance.now() - deps.startedAt),
      ...deps.usageOf(session),
      quotas: deps.quotasOf(session),
      engines: deps.enginesOf(session),
    }),
  };
}
