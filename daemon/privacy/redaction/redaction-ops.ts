import type { PackedFindings } from './packed-findings.ts';
import type { Candidate } from './recognizer.ts';

/** Like a candidate, in UTF-16 offsets of the text as it was given; findings never overlap, and are in order. */
export type Finding = Candidate;

export interface CustomPattern {
  readonly name: string;
  /** RE2. */
  readonly pattern: string;
  readonly flags?: string | undefined;
  readonly score: number;
}

/** What to look for. */
export interface DetectionSettings {
  /** Short names or entities; everything when undefined. */
  readonly patterns?: readonly string[] | undefined;
  readonly custom?: readonly CustomPattern[] | undefined;
  readonly threshold: 'strict' | 'balanced' | 'precise' | number;
  readonly region?: string | undefined;
}

export type ReplacementPlan =
  | string
  | { readonly mode: 'placeholder' | 'pseudonym' | 'drop' | 'block' }
  | { readonly mode: 'mask'; readonly keepLast: number; readonly character: string };

export interface RedactionSettings extends DetectionSettings {
  readonly replacement: ReplacementPlan;
}

/** What a placeholder stands for: `['[EMAIL_1]', 'ann@example.org']`. */
export type PlaceholderPair = readonly [placeholder: string, original: string];

/** What of redaction runs in the privacy worker. */
export interface RedactionOps {
  detect: {
    params: { readonly texts: readonly string[]; readonly settings: DetectionSettings };
    chunk: never;
    result: { readonly found: PackedFindings };
  };
  redact: {
    params: {
      readonly texts: readonly string[];
      readonly settings: RedactionSettings;
      /** Of the app; for pseudonyms. */
      readonly pseudonymKey?: Uint8Array | undefined;
      /** Already given out: the same stand for the same, new ones go on from there. */
      readonly placeholders?: readonly PlaceholderPair[] | undefined;
    };
    chunk: never;
    result: {
      readonly texts: readonly string[];
      readonly found: PackedFindings;
      /** Those that were not given out before. */
      readonly placeholders: readonly PlaceholderPair[];
    };
  };
}
