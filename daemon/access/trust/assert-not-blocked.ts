import { type Block, RpcError } from '@locara/protocol';
import type { Blocks, BlockSubject } from './blocks.ts';

/** Throws CapabilityDenied (rule `blocked`) for an app that the revocation list names: before a start as before an install. */
export function assertNotBlocked(blocks: Pick<Blocks, 'find'>, app: BlockSubject): void {
  const refusal = findBlockRefusal(blocks, app);
  if (refusal !== undefined) throw refusal;
}

/** What `assertNotBlocked` throws, for whoever has to end what runs already. */
export function findBlockRefusal(
  blocks: Pick<Blocks, 'find'>,
  app: BlockSubject,
): RpcError | undefined {
  const block = blocks.find(app);
  return (
    block &&
    new RpcError('CapabilityDenied', describeBlock(block), {
      details: { rule: 'blocked', ...block },
    })
  );
}

/** Throws CapabilityDenied (rule `revocations_stale`) while the list has expired: before an install. */
export function assertBlocksAreFresh(blocks: Blocks): void {
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
