import type { BudgetLeft, NoiseEffect, PrivacyCost } from '@locara/protocol';
import type { PrivacyCall } from '../privacy-call.ts';
import type { Mechanism } from '../noise/noise-ops.ts';

/** Whose allowance a release is charged to. */
export interface ChargedTo {
  readonly budget?: string | undefined;
  readonly subject?: string | undefined;
}

export interface VectorNoise extends ChargedTo {
  readonly mechanism: Mechanism;
  readonly epsilon: number;
  readonly delta: number;
  readonly clip: number;
  readonly acceptUselessUtility: boolean;
}

/** A whole or real number that was released, and what that cost. */
export interface Release<T> {
  readonly value: T;
  /** Of the Laplacian noise. */
  readonly scale: number;
  readonly cost: PrivacyCost;
  /** Absent where no allowance limits it. */
  readonly budget?: BudgetLeft;
}

/**
 * Differentially private releases. Each is charged, durably, before anything is drawn; answers come on a fixed tick,
 * so that the time they take says nothing. Throws QuotaExceeded (`rule: privacy_budget`) where it does not fit,
 * InvalidParams (`rule: useless_utility`) where nothing but noise would come out.
 */
export interface NoiseMaker {
  /** One record each. */
  protectVectors(
    vectors: readonly Float32Array[],
    settings: VectorNoise & { readonly isNormalized?: boolean },
    call: PrivacyCall,
  ): Promise<{ readonly vectors: readonly Float32Array[]; readonly effect: NoiseEffect }>;
  /** Throws what `protectVectors` would now for any so many vectors of this length; nothing is charged. */
  assertReleasable(
    shape: { readonly dimensions: number; readonly records: number },
    settings: VectorNoise,
    call: PrivacyCall,
  ): Promise<void>;
  drawNoise(
    wanted: { readonly mechanism: Mechanism; readonly dimensions: number; readonly scale: number },
    call: PrivacyCall,
  ): Promise<Float32Array>;
  randomizeLabel(
    asked: {
      readonly label: string;
      readonly labels: readonly string[];
      readonly epsilon: number;
    } & ChargedTo,
    call: PrivacyCall,
  ): Promise<string>;
  count(
    asked: { readonly count: number; readonly epsilon: number } & ChargedTo,
    call: PrivacyCall,
  ): Promise<Release<number>>;
  histogram(
    asked: {
      readonly values: readonly string[];
      readonly bins: readonly string[];
      readonly epsilon: number;
    } & ChargedTo,
    call: PrivacyCall,
  ): Promise<Release<readonly number[]>>;
  mean(
    asked: {
      readonly values: readonly number[];
      readonly lower: number;
      readonly upper: number;
      readonly epsilon: number;
    } & ChargedTo,
    call: PrivacyCall,
  ): Promise<Release<number>>;
  centroid(
    vectors: readonly Float32Array[],
    settings: Omit<VectorNoise, 'mechanism'>,
    call: PrivacyCall,
  ): Promise<{ readonly vector: Float32Array; readonly effect: NoiseEffect }>;
}
