import type { Progress } from '@locara/protocol';
import type { Session } from '../../daemon/access/session.ts';
import type { SessionCall } from '../../daemon/rpc/handler.ts';

/** A call of an app with every right, which remembers its progress. */
export interface FakeSessionCall extends SessionCall {
  readonly reports: Progress[];
  abort(): void;
}

export function fakeSessionCall(): FakeSessionCall {
  const controller = new AbortController();
  const reports: Progress[] = [];
  return {
    session: { id: 'session-1', appId: 'test.app', manifest: {} } as Session,
    signal: controller.signal,
    reports,
    require: () => undefined,
    progress: (progress) => {
      reports.push(progress);
    },
    abort: () => {
      controller.abort();
    },
  };
}
