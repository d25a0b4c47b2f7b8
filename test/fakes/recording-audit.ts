import type { Audit, AuditFields, DecisionEvent } from '../../daemon/audit/audit.ts';

/** Keeps what it is told, for a test to read. */
export interface RecordingAudit extends Audit {
  readonly decisions: {
    readonly event: DecisionEvent;
    readonly appId: string | undefined;
    readonly fields: AuditFields | undefined;
  }[];
}

export function createRecordingAudit(): RecordingAudit {
  const decisions: RecordingAudit['decisions'] = [];
  return {
    decisions,
    decide: (event, appId, fields) => void decisions.push({ event, appId, fields }),
    use: () => undefined,
    deny: () => undefined,
    effect: () => undefined,
  };
}
