import type { DaemonKey } from '../../access/daemon-key.ts';
import type { AuditLog } from '../../audit/audit.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export function auditControlHandlers({
  audit,
  daemonKey,
}: {
  readonly audit: AuditLog;
  readonly daemonKey: Pick<DaemonKey, 'publicKey'>;
}): ControlHandlers<'audit'> {
  return {
    'audit.show': async (wanted) => ({ entries: await audit.show(wanted) }),
    'audit.verify': () => audit.verify(),
    'audit.export': async ({ after, limit }) => ({
      ...(await audit.exportLines(after, limit)),
      publicKey: daemonKey.publicKey.toString('base64'),
    }),
  };
}
