import type { Audit, AuditFields, DecisionEvent } from '../../daemon/audit/audit.ts';
import type { PrivacyEffect } from '../../daemon/audit/effect-window.ts';

/** Keeps what it is told, for a test to read. */
export interface RecordingAudit extends Audit {
  readonly decisions: {
    readonly event: DecisionEvent;
    readonly appId: string | undefined;
    readonly fields: AuditFields | undefined;
  }[];
  readonly effects: PrivacyEffect[];
}

export function createRecordingAudit(): RecordingAudit {
  const decisions: RecordingAudit['decisions'] = [];
  const effects: PrivacyEffect[] = [];
  return {
    decisions,
    effects,
    decide: (event, appId, fields) => void decisions.push({ event, appId, fields }),
    use: () => undefined,
    deny: () => undefined,
    effect: (effect) => void effects.push(effect),
  };
}
