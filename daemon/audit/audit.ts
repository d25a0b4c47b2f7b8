/** What an audit entry may say: names, versions, digests, counts; never content. */
export type AuditFields = Readonly<Record<string, string | number | boolean>>;

/** Everything that widens, narrows or decides a right. */
export type DecisionEvent =
  | 'app.installed'
  | 'app.updated'
  | 'app.uninstalled'
  | 'app.wiped'
  | 'app.revoked'
  | 'app.launched'
  | 'grant.consented'
  | 'grant.revoked'
  | 'grant.requested'
  | 'expansion.pending'
  | 'expansion.consented'
  | 'trust.added'
  | 'trust.removed'
  | 'revocation.imported'
  | 'revocation.blocked';

/** One use or refusal of a capability. */
export interface CapabilityUse {
  readonly appId: string;
  readonly capability: string;
  readonly method: string;
}

/** Where decisions and uses are told; what becomes of them is the audit log's. Never throws, never waits. */
export interface Audit {
  decide(event: DecisionEvent, appId: string | undefined, fields?: AuditFields): void;
  use(use: CapabilityUse): void;
  deny(use: CapabilityUse): void;
}
