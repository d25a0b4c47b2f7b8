import type { NoiseEffect, PipelineEffect } from '@locara/protocol';
import type { Audit } from '../../audit/audit.ts';
import { beginTurns } from '../../turns.ts';
import type { PrivacyCall } from '../privacy-call.ts';
import { addCounts } from '../redactor/add-counts.ts';
import type { Redactor, RedactionStream } from '../redactor/redactor.ts';
import type { NoiseMaker } from '../releases/noise-maker.ts';
import type { Vault } from '../vault/create-vault.ts';
import type { Keystore } from '../vault/keystore/keystore.ts';
import type { PlainValue } from '../vault/plain-value.ts';
import type { ValueCipher } from '../vault/value-cipher.ts';
import type { PipelineSteps, RunningPipeline } from './pipeline.ts';

/** What the steps are done with. */
export interface PipelineParts {
  readonly redactor: Redactor;
  readonly noise: NoiseMaker;
  readonly keystore: Keystore;
  readonly vault: Pick<Vault, 'cipherOf'>;
  readonly audit: Pick<Audit, 'effect'>;
}

/** Throws Conflict (`rule: vault_locked`) and, for a key that there is not, NotFound before anything is done. */
export async function openPipeline(
  parts: PipelineParts,
  steps: PipelineSteps,
  call: PrivacyCall,
): Promise<RunningPipeline> {
  const cipher = await openCipher(parts, steps, call);
  return new OpenedPipeline(parts, steps, { call, cipher });
}

async function openCipher(
  { keystore, vault }: PipelineParts,
  { encrypt }: PipelineSteps,
  { session }: PrivacyCall,
): Promise<ValueCipher | undefined> {
  if (encrypt === undefined) return undefined;
  const { database, key = '' } = encrypt;
  if (database === undefined) return vault.cipherOf(session.id, key);
  return keystore.cipherOf(session, database, 'seal');
}

class OpenedPipeline implements RunningPipeline {
  readonly #parts: PipelineParts;
  readonly #steps: PipelineSteps;
  readonly #call: PrivacyCall;
  readonly seal: RunningPipeline['seal'];
  readonly #streams: RedactionStream[] = [];
  #counts: Readonly<Record<string, number>> = {};
  #restoreId: string | undefined;
  #noise: NoiseEffect | undefined;
  #encrypted = 0;

  constructor(
    parts: PipelineParts,
    steps: PipelineSteps,
    { call, cipher }: { readonly call: PrivacyCall; readonly cipher: ValueCipher | undefined },
  ) {
    this.#parts = parts;
    this.#steps = steps;
    this.#call = call;
    this.#restoreId = steps.redact?.restoreId;
    if (cipher === undefined) return;
    const turns = beginTurns();
    this.seal = async (plain: PlainValue, context) => {
      if (turns.areOver()) await turns.next();
      call.signal.throwIfAborted();
      const envelope = cipher.seal(plain, context);
      this.#encrypted += 1;
      return envelope;
    };
  }

  async redactTexts(texts: readonly string[]): Promise<readonly string[]> {
    const settings = this.#redaction();
    if (settings === undefined || texts.length === 0) return texts;
    const redacted = await this.#parts.redactor.redact(texts, settings, this.#call);
    this.#counts = addCounts(this.#counts, redacted.counts);
    this.#restoreId = redacted.restoreId;
    return redacted.texts;
  }

  openStream(): RedactionStream | undefined {
    const settings = this.#redaction();
    if (settings === undefined) return undefined;
    const stream = this.#parts.redactor.openStream(settings, this.#call);
    this.#streams.push(stream);
    this.#restoreId ??= stream.restoreId;
    return stream;
  }

  readonly assertReleasable: RunningPipeline['assertReleasable'] = async (shape) => {
    const { dp } = this.#steps;
    if (dp !== undefined) await this.#parts.noise.assertReleasable(shape, dp, this.#call);
  };

  async protectVectors(vectors: readonly Float32Array[]): Promise<readonly Float32Array[]> {
    const { dp } = this.#steps;
    if (dp === undefined || vectors.length === 0) return vectors;
    const released = await this.#parts.noise.protectVectors(vectors, dp, this.#call);
    this.#noise = released.effect;
    return released.vectors;
  }

  effect(): PipelineEffect {
    const redacted = this.#streams.reduce(
      (sum, stream) => addCounts(sum, stream.counts),
      this.#counts,
    );
    return {
      ...(this.#steps.redact === undefined ? {} : { redacted }),
      ...(this.#restoreId === undefined ? {} : { restoreId: this.#restoreId }),
      ...(this.#noise === undefined ? {} : { dp: this.#noise }),
      ...(this.seal === undefined ? {} : { encrypted: this.#encrypted }),
    };
  }

  settle(): void {
    if (this.#encrypted === 0) return;
    const { session, method } = this.#call;
    const counts = { values: this.#encrypted };
    this.#parts.audit.effect({ appId: session.appId, method, step: 'encrypt', counts });
  }

  /** Placeholders go on with those that this call gave out already. */
  #redaction() {
    const { redact } = this.#steps;
    return redact === undefined ? undefined : { ...redact, restoreId: this.#restoreId };
  }
}
