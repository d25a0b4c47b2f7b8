import type { AppGrant, InstalledApp, PendingExpansion } from '@locara/protocol';

/** What waits for a decision of the user's. */
export interface PendingDecisions {
  /** Optional or requested; each is decided on its own, at any time. */
  readonly capabilities: readonly AppGrant[];
  /** What an update asks for: decided as a whole, after its cool-down. */
  readonly expansion: PendingExpansion | undefined;
}

export function findPending({ grants, pending }: InstalledApp): PendingDecisions {
  const capabilities = grants.filter(
    ({ capability, state }) => state === 'pending' && !belongsTo(pending, capability),
  );
  return { capabilities, expansion: pending };
}

/** True when the capability is among what the update asks for. */
export function belongsTo(expansion: PendingExpansion | undefined, capability: string): boolean {
  if (expansion === undefined) return false;
  const { added, widened } = expansion.diff;
  return [...added, ...widened].some((change) => change.capability === capability);
}

/** One word or two on an app, as tables show it. */
export function describeState(app: InstalledApp): string {
  if (app.blocked !== undefined) return app.revoked ? 'blocked, revoked' : 'blocked';
  if (app.revoked) return 'revoked';
  if (app.isIntact === false) return 'changed on disk';
  const { capabilities, expansion } = findPending(app);
  const isWaiting = expansion !== undefined && expansion.remainingMs > 0;
  const count = capabilities.length + (expansion === undefined || isWaiting ? 0 : 1);
  return [
    'active',
    ...(count > 0 ? [`${count} to decide`] : []),
    ...(isWaiting ? ['new rights wait'] : []),
  ].join(', ');
}
