import { renderOpenRpc } from '@locara/protocol';
import type { Handlers } from '../rpc/handler.ts';

export function rpcHandlers(): Handlers<'rpc'> {
  const document = renderOpenRpc();
  return { 'rpc.discover': () => document };
}
