import type { AuditLog } from '../audit/audit.ts';
import type { Handlers } from '../rpc/handler.ts';

export function auditHandlers({ audit }: { readonly audit: AuditLog }): Handlers<'audit'> {
  return {
    'audit.capabilityLog': (page, { session }) => audit.capabilityLog(session.appId, page),
  };
}
