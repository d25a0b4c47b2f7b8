import { type Block, RpcError } from '@locara/protocol';
import type { Blocks, BlockSubject } from './blocks.ts';

/** Throws CapabilityDenied (`details.rule`) for an app that the revocation list names, and for every app while it has expired. */
export function assertNotBlocked(blocks: Blocks, app: BlockSubject): void {
  const block = blocks.find(app);
  if (block !== undefined) {
    throw new RpcError('CapabilityDenied', describeBlock(block), {
      details: { rule: 'blocked', ...block },
    });
  }
  if (!blocks.isStale()) return;
  throw new RpcError(
    'CapabilityDenied',
    'The revocation list has expired, so nothing new is installed: import the latest one (`locara revocation import`).',
    { details: { rule: 'revocations_stale' } },
  );
}

/** Why, and where to read more, in one or two sentences. */
export function describeBlock({ reason, advisory }: Block): string {
  const sentence = `This app is blocked: ${/[.!?]$/.test(reason) ? reason : `${reason}.`}`;
  return advisory === undefined ? sentence : `${sentence} See ${advisory}`;
}
