import type { AuditLog } from '../audit/audit.ts';
import type { Handlers } from '../rpc/handler.ts';

export function auditHandlers({ audit }: { readonly audit: AuditLog }): Handlers<'audit'> {
  return {
    'audit.capabilityLog': ({ effects, ...page }, { session: { appId } }) => ({
      ...audit.capabilityLog(appId, page),
      ...(effects ? { effects: audit.effectsOf(appId, page.limit) } : {}),
    }),
  };
}
