import type { Session } from '../access/session.ts';
import type { Caller } from '../workers/llm/ops.ts';

/** Tags by which the worker tells callers apart; it learns nothing else of them. */
export function toCaller({ appId, id }: Session, priority: 'interactive' | 'background'): Caller {
  return { owner: appId, session: id, isBackground: priority === 'background' };
}
