import type { ParamsInput } from '@locara/protocol';

type RedactParams = ParamsInput<'privacy.redact'>;

/** A pattern of the app's own, in RE2's syntax: no look-around and no backreference. */
export type CustomPattern =
  { readonly name: string; readonly regex: RegExp } | NonNullable<RedactParams['custom']>[number];

/** What stands in place of what was found, made by the app itself. */
export type ReplacementFunction = (match: string, pattern: string) => string;

export interface RedactionOptions {
  /** `email`, `phone`, `ssn`, `creditCard`, `ip`, `address`, …; everything that is known when left out. */
  readonly patterns?: readonly string[];
  readonly custom?: readonly CustomPattern[];
  /** A text, in which `{PATTERN}` is the pattern's name in capitals; a mode; a function. `[{PATTERN}]`. */
  readonly replacement?: RedactParams['replacement'] | ReplacementFunction;
  readonly threshold?: RedactParams['threshold'];
  readonly region?: RedactParams['region'];
  /** The older names: with one of them the others count too, as they did. True, as `phones`, `ssn`, `creditCards`. */
  readonly emails?: boolean;
  readonly phones?: boolean;
  readonly ssn?: boolean;
  readonly creditCards?: boolean;
  /** False, as `dates`. */
  readonly ipAddresses?: boolean;
  readonly dates?: boolean;
}

/** What is looked for, as `privacy.detect` and `privacy.redact` are asked. */
export type Detection = Pick<RedactParams, 'patterns' | 'custom' | 'threshold' | 'region'>;

const OLDER_NAMES = {
  emails: { pattern: 'email', byDefault: true },
  phones: { pattern: 'phone', byDefault: true },
  ssn: { pattern: 'ssn', byDefault: true },
  creditCards: { pattern: 'creditCard', byDefault: true },
  ipAddresses: { pattern: 'ip', byDefault: false },
  dates: { pattern: 'dateOfBirth', byDefault: false },
} as const;
const OLDER = Object.keys(OLDER_NAMES) as (keyof typeof OLDER_NAMES)[];
const KNOWN: readonly string[] = [
  ...['patterns', 'custom', 'replacement', 'threshold', 'region'],
  ...OLDER,
];

/** Throws TypeError for options that nobody knows, or that contradict: less than was asked for would be redacted. */
export function toDetection(options: RedactionOptions): Detection {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new TypeError(`Redaction has no option \`${unknown}\`.`);
  const older = OLDER.find((name) => options[name] !== undefined);
  if (older !== undefined && options.patterns !== undefined) {
    throw new TypeError(
      `Give \`patterns\`, or older names as \`${older}\`: together one would not count.`,
    );
  }
  const { custom, threshold, region } = options;
  return {
    patterns: choosePatterns(options),
    custom: custom?.map(toWirePattern),
    threshold,
    region,
  };
}

function choosePatterns(options: RedactionOptions): string[] | undefined {
  if (options.patterns !== undefined) return [...options.patterns];
  if (OLDER.every((name) => options[name] === undefined)) return undefined;
  const wanted = OLDER.filter((name) => options[name] ?? OLDER_NAMES[name].byDefault);
  return wanted.map((name) => OLDER_NAMES[name].pattern);
}

function toWirePattern(custom: CustomPattern): NonNullable<RedactParams['custom']>[number] {
  if (!('regex' in custom)) return custom;
  const { source: pattern, flags } = custom.regex;
  return { name: custom.name, pattern, flags };
}
