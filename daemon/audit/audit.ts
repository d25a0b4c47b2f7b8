import type { AuditEntry, CapabilityLogEntry, PrivacyEffectEntry } from '@locara/protocol';
import type { PrivacyEffect } from './effect-window.ts';

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
  | 'store.exported'
  | 'expansion.pending'
  | 'expansion.consented'
  | 'trust.added'
  | 'trust.removed'
  | 'revocation.imported'
  | 'revocation.blocked'
  | 'keys.rotated'
  | 'keys.storeRotated'
  | 'keys.protected'
  | 'keys.unlocked'
  | 'keys.unlockRefused'
  | 'keys.locked'
  | 'store.restored'
  | 'store.salvaged'
  | 'store.accepted'
  | 'privacy.budgetReset';

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
  /** What was done to an app's content for privacy's sake: counts, never content. */
  effect(effect: PrivacyEffect): void;
}

/** What came of one capability of an app, as far back as the log reaches. */
export interface CapabilityUsage {
  readonly uses: number;
  readonly denials: number;
  /** ISO 8601. */
  readonly lastUsedAt?: string;
}

/** Whether the log holds; else what does not fit, and at which entry. */
export interface Verdict {
  readonly ok: boolean;
  /** How many entries there are. */
  readonly entries: number;
  readonly problem?: string;
  readonly at?: number;
}

/** Which part of a list: at most `limit`, and only what comes after `cursor`. */
export interface Page {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Lines of the log as they are on the disk, with what proves them. */
export interface ExportedLines {
  readonly lines: string[];
  /** Signed now: the whole log up to where it ends. */
  readonly checkpoint: string;
  /** More lines follow this entry. */
  readonly next?: number;
}

/** The audit log: what is told it, and what can be asked of it. */
export interface AuditLog extends Audit {
  /**
   * Records, durably, that a right is about to be widened. Throws InsufficientResources or Unavailable when
   * that cannot be written: then nothing may be widened.
   */
  announce(fields: AuditFields, appId: string | undefined): Promise<void>;
  /** Resolves once every decision told so far is on the disk; or could not be written, which is logged. */
  settle(): Promise<void>;
  /** What an app used and was denied, newest first, the present minute included. */
  capabilityLog(
    appId: string,
    page: Page,
  ): { readonly entries: CapabilityLogEntry[]; readonly cursor?: string };
  /** What was done to an app's content for privacy's sake, newest first, the present minute included. */
  effectsOf(appId: string, limit: number): PrivacyEffectEntry[];
  /** By capability. */
  usageOf(appId: string): ReadonlyMap<string, CapabilityUsage>;
  /** Entries below `before`, newest first. */
  show(wanted: {
    readonly appId?: string | undefined;
    readonly limit: number;
    readonly before?: number | undefined;
  }): Promise<AuditEntry[]>;
  verify(): Promise<Verdict>;
  /** Lines above entry `after`, oldest first. */
  exportLines(after: number, limit: number): Promise<ExportedLines>;
  /** Writes what is left. */
  close(): Promise<void>;
}
