import type { Capability } from '@locara/protocol';
import type { Connection } from '../transport/connection.ts';
import type { AppCall } from './app-call.ts';
import { createCallNotices } from './call-notices.ts';
import { dispatch, type DispatchContext } from './dispatcher.ts';
import type { Request } from './envelope.ts';
import type { Handlers } from './handler.ts';

interface Serving extends Pick<DispatchContext, 'handshake' | 'session' | 'turns'> {
  readonly handlers: Handlers;
  readonly connection: Connection;
  /** Told what was asked of the call's rights, for the audit log. */
  readonly record: (outcome: 'use' | 'deny', capability: Capability) => void;
}

/** Runs a call of an app, and keeps in it what it leans on and whether it waits. */
export function dispatchAppCall(
  request: Request,
  call: AppCall,
  { handlers, handshake, session, connection, turns, record }: Serving,
): Promise<unknown> {
  const { sendChunk, sendProgress } = createCallNotices(connection, request);
  return dispatch(handlers, request, {
    handshake,
    session,
    signal: call.controller.signal,
    turns,
    onBegin: call.begin,
    sendChunk,
    sendProgress: (progress) => {
      if (call.counted !== undefined) call.counted.isQueued = progress.stage === 'queued';
      sendProgress(progress);
    },
    onRequire: (capability, isHeld) => {
      call.leansOn.add(capability);
      record(isHeld ? 'use' : 'deny', capability);
    },
  });
}
