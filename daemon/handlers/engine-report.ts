import type { Result } from '@locara/protocol';
import type { Session } from '../access/session.ts';
import type { RunningEngines } from '../scheduler/engines.ts';

export interface EngineReportDeps {
  readonly engines: Pick<RunningEngines, 'statusFor'>;
  readonly pinnedOf: (
    session: Session,
  ) => readonly { readonly id: string; readonly digest: string }[];
}

/**
 * The engines of the models that an app pins, as far as the app uses them: what others do with the same model does
 * not show, neither that they have it loaded nor that they keep it busy.
 */
export function createEngineReport({ engines, pinnedOf }: EngineReportDeps) {
  return (session: Session): Result<'daemon.status'>['engines'] =>
    pinnedOf(session).map(({ id, digest }) => {
      const status = engines.statusFor(digest, session.appId);
      const { state = 'stopped', device, contextTokens, sequences } = status ?? {};
      return {
        model: id,
        state,
        device: device?.device ?? '',
        threads: device?.threads ?? 0,
        why: device?.why ?? '',
        ...(contextTokens === undefined ? {} : { contextTokens }),
        ...(sequences === undefined ? {} : { sequences }),
      };
    });
}
