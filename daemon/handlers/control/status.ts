import type { ControlResult } from '@locara/protocol';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export interface StatusHandlersDeps {
  readonly version: string;
  readonly startedAt: number;
  readonly sessions: () => ControlResult<'status.get'>['sessions'];
  readonly workers: () => ControlResult<'status.get'>['workers'];
  readonly models: () => ControlResult<'status.get'>['models'];
  readonly memory: () => ControlResult<'status.get'>['memory'];
}

export function statusHandlers(deps: StatusHandlersDeps): ControlHandlers<'status'> {
  return {
    'status.get': () => ({
      daemon: {
        version: deps.version,
        pid: process.pid,
        uptimeMs: Math.round(performance.now() - deps.startedAt),
        rssBytes: process.memoryUsage.rss(),
      },
      sessions: deps.sessions(),
      workers: deps.workers(),
      models: deps.models(),
      memory: deps.memory(),
    }),
  };
}
