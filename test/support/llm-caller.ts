import type { Caller } from '../../daemon/workers/llm/ops.ts';

/** Of the one app that a test of the worker needs. */
export const CALLER: Caller = { owner: 'tests/one', session: 'session-1', isBackground: false };
