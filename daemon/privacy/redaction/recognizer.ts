/** A place in a text where something may give a person away. Offsets are of the text that was scanned. */
export interface Candidate {
  /** As Presidio names it: `EMAIL_ADDRESS`. */
  readonly entity: string;
  readonly start: number;
  readonly end: number;
  /** From 0 to 1: how likely it is what it looks like. */
  readonly score: number;
  /** Which rule and which proof: `iban-checksum`. Never what was found. */
  readonly reason: string;
}

/** A normalised text, and what is asked of it again and again. */
export interface ScannedText {
  readonly text: string;
  /**
   * Whether one of these lower-case words stands, whole, within `chars` (80) before `start`. Several words in one
   * string are a phrase; words of scripts without spaces are looked for inside others.
   */
  hasWordBefore(start: number, words: ReadonlySet<string>, chars?: number): boolean;
}

/** Finds entities of its own by any means that is linear in the length of the text. */
export interface Recognizer {
  readonly id: string;
  readonly entities: readonly string[];
  /** `undefined` between candidates is a moment at which others may go first: at least every 16 KB or so. */
  scan(scanned: ScannedText, settings: ScanSettings): Iterable<Candidate | undefined>;
}

export interface ScanSettings {
  /** ISO 3166-1, whose national numbers are meant where a text says none. */
  readonly region?: string | undefined;
  /** Whether all dates are asked for, not only those of births. */
  readonly hasAllDates?: boolean;
  /** Entities that were asked for by their own names: who names one expects it, so that a proof needs no context. */
  readonly named?: ReadonlySet<string>;
}

/**
 * An identifier by its shape and its proof. All of them are tried in one pass: only where a run of letters and
 * digits has one of the `first` signatures, so that prose costs next to nothing. Nothing is found inside UUIDs,
 * or where `.` or `-` ties a digit of the match to another digit beside it.
 */
export interface IdRule {
  readonly id: string;
  readonly entity: string;
  /**
   * Signatures of the first run of letters (`a`) and digits (`d`) at which `shape` is tried: `d11`, `d3`, `a2d6`.
   * A run ends at anything that is neither an ASCII letter nor a digit.
   */
  readonly first: readonly string[];
  /** Sticky (`y`), bounded: matches from the start of that run. What follows must not go on with a letter or digit. */
  readonly shape: RegExp;
  /** Of the shape alone. */
  readonly score: number;
  /** A checksum or range over the match without its separators, in capitals; false drops the candidate. */
  readonly isValid?: (compact: string) => boolean;
  /** Of a valid match; `score` without it. */
  readonly provenScore?: number;
  /** Lower-case words or phrases, whole, within 80 characters before: raise the score by 0.35, to 0.4 at least. */
  readonly context?: readonly string[];
  /** Nothing without its context. */
  readonly needsContext?: boolean;
}
