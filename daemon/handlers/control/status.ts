import type { ControlResult } from '@locara/protocol';
import type { ControlHandlers } from '../../rpc/control-handler.ts';
import { describeDevice } from '../../workers/device.ts';
import type { EngineStatus } from '../../scheduler/engines.ts';

export interface StatusHandlersDeps {
  readonly version: string;
  readonly startedAt: number;
  readonly sessions: () => ControlResult<'status.get'>['sessions'];
  readonly workers: () => readonly EngineStatus[];
  readonly models: () => ControlResult<'status.get'>['models'];
  /** Stores that are nearly full. */
  readonly filling: () => Promise<ControlResult<'status.get'>['filling']>;
  readonly memory: () => ControlResult<'status.get'>['memory'];
}

export function statusHandlers(deps: StatusHandlersDeps): ControlHandlers<'status'> {
  return {
    'status.get': async () => ({
      daemon: {
        version: deps.version,
        pid: process.pid,
        uptimeMs: Math.round(performance.now() - deps.startedAt),
        rssBytes: process.memoryUsage.rss(),
      },
      sessions: deps.sessions(),
      workers: deps.workers().flatMap(describeWorker),
      models: deps.models(),
      memory: deps.memory(),
      filling: await deps.filling(),
    }),
  };
}

function describeWorker(status: EngineStatus): ControlResult<'status.get'>['workers'] {
  const { kind, model, pid, state, device, memoryBytes } = status;
  if (state === 'stopped') return [];
  const place =
    device === undefined
      ? { device: '', threads: 0, why: '' }
      : { device: describeDevice(device), threads: device.threads, why: device.why };
  const memory = memoryBytes === undefined ? {} : { memoryBytes };
  return [{ kind, model, pid, state, ...place, ...memory }];
}
