import type { EnvelopeV2, PipelineEffect, VaultContext } from '@locara/protocol';
import type { RedactionSettings } from '../redaction/redaction-ops.ts';
import type { RedactionStream } from '../redactor/redactor.ts';
import type { VectorNoise } from '../releases/noise-maker.ts';
import type { PlainValue } from '../vault/plain-value.ts';

/** The steps that a call asks for; each at most once. */
export interface PipelineSteps {
  readonly redact?: (RedactionSettings & { readonly restoreId?: string | undefined }) | undefined;
  readonly dp?: VectorNoise | undefined;
  /** With one of the two. */
  readonly encrypt?:
    { readonly database?: string | undefined; readonly key?: string | undefined } | undefined;
}

/** The steps of one call, ready: its key is there, so that nothing is embedded or charged in vain. */
export interface RunningPipeline {
  /** The same where nothing is to be redacted. */
  redactTexts(texts: readonly string[]): Promise<readonly string[]>;
  /** A text that comes in pieces; undefined where nothing is to be redacted. */
  openStream(): RedactionStream | undefined;
  /**
   * Before so many vectors of this length are made: throws InvalidParams where noise would leave nothing of them, and
   * QuotaExceeded where their allowance is too small. It is charged later, and may be less by then.
   */
  assertReleasable(shape: { readonly dimensions: number; readonly records: number }): Promise<void>;
  /** The same where no noise is asked for. */
  protectVectors(vectors: readonly Float32Array[]): Promise<readonly Float32Array[]>;
  /** Undefined where nothing is to be encrypted. Of many values one after the other, others have their turn between. */
  readonly seal: ((plain: PlainValue, context: VaultContext) => Promise<EnvelopeV2>) | undefined;
  /** What was done up to now. */
  effect(): PipelineEffect;
  /** Counts what was encrypted in the audit log: once, before any of it is stored or handed out. */
  settle(): void;
}
