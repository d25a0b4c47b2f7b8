import type { PrivacyCall } from '../privacy-call.ts';
import type { DetectionSettings, Finding, RedactionSettings } from '../redaction/redaction-ops.ts';

export interface Redacted {
  /** In the order of the texts that were given. */
  readonly texts: readonly string[];
  readonly findings: readonly (readonly Finding[])[];
  /** How many of each entity in all texts. */
  readonly counts: Readonly<Record<string, number>>;
  /** With placeholders: the session's name for what they stand for. */
  readonly restoreId?: string;
}

/** A text that comes in pieces, as a model writes it. What may still become part of an entity is held back. */
export interface RedactionStream {
  /** What can be handed on now; perhaps nothing. */
  push(delta: string): Promise<string>;
  /** What was held back. */
  end(): Promise<string>;
  readonly counts: Readonly<Record<string, number>>;
  /** With placeholders: the session's name for what they stand for. */
  readonly restoreId?: string;
}

/**
 * Finds and replaces what gives people away; the work is done in the privacy worker, so that no text holds up
 * the daemon. Counts what it did in the audit log. Throws Conflict (`rule: pii_found`) where `block` finds something.
 */
export interface Redactor {
  detect(
    texts: readonly string[],
    settings: DetectionSettings,
    call: PrivacyCall,
  ): Promise<readonly (readonly Finding[])[]>;
  /** `restoreId` goes on with the placeholders of an earlier redaction of this session. */
  redact(
    texts: readonly string[],
    settings: RedactionSettings & { readonly restoreId?: string | undefined },
    call: PrivacyCall,
  ): Promise<Redacted>;
  openStream(
    settings: RedactionSettings & { readonly restoreId?: string | undefined },
    call: PrivacyCall,
  ): RedactionStream;
  /** Piece by piece, so that a long text holds up nobody. Throws NotFound for what this session does not hold. */
  restore(
    session: string,
    restoreId: string,
    text: string,
  ): Promise<{ readonly text: string; readonly restored: number }>;
  forget(session: string, restoreId: string): boolean;
  forgetSession(session: string): void;
}
