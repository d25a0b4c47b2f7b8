import { renderOpenRpc } from '@locara/protocol';
import type { Handlers } from '../rpc/handler.ts';

/** The document is rendered when first asked for: most daemons never are. */
export function rpcHandlers(): Handlers<'rpc'> {
  let document: ReturnType<typeof renderOpenRpc> | undefined;
  return { 'rpc.discover': () => (document ??= renderOpenRpc()) };
}
