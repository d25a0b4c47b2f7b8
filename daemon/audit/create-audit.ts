import type { Audit } from './audit.ts';

/** Keeps nothing yet. */
export function createAudit(): Audit {
  return { decide: () => undefined, use: () => undefined, deny: () => undefined };
}
