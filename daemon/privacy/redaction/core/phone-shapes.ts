import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import { isGivenOut, matchTrunkNumbers } from './phone-plans.ts';

/** A number as it is written: `+1 (415) 555-0132` without what stands around it. */
export interface WrittenNumber {
  readonly written: string;
  readonly digits: string;
  /** Whether no other numbers stand right beside it, as in a row or a table. */
  readonly isAlone: boolean;
  /** Digits of each group. */
  readonly lengths: readonly number[];
  /** Each separator once: `' '`, `'-'`, `'.'`, or what else there is. */
  readonly separators: ReadonlySet<string>;
  readonly hasPlus: boolean;
  readonly hasParentheses: boolean;
}

export interface PhoneScore {
  readonly score: number;
  readonly reason: string;
  /** Nothing without a word for it. */
  readonly needsContext?: boolean;
  /** Of words, only those that are said of nothing but telephones. */
  readonly needsName?: boolean;
}

/** Countries whose numbers begin with 0 at home, tried where nobody says which country is meant. */
const TRUNK_COUNTRIES: readonly CountryCode[] = [
  ...(['GB', 'DE', 'FR', 'AU', 'JP', 'KR', 'TR', 'PH', 'NL', 'BE', 'CH', 'AT', 'SE'] as const),
  ...(['FI', 'IT', 'ZA', 'IN', 'BR', 'NZ', 'IE', 'IL', 'TH', 'UA', 'RO', 'EG', 'NG'] as const),
];

const TRUNK_NUMBER = matchTrunkNumbers(TRUNK_COUNTRIES);

/** What a number says of itself, by its shape and its country's plan of numbers; undefined where it is none. */
export function scorePhone(
  number: WrittenNumber,
  region: string | undefined,
): PhoneScore | undefined {
  const count = number.digits.length;
  if (count < 7 || count > 15) return undefined;
  if (number.hasPlus) return scoreInternational(number);
  if (count > 14) return undefined;
  return (
    scoreNorthAmerican(number) ??
    scoreInRegion(number, region) ??
    (number.isAlone ? (scorePrefixed(number) ?? scoreTrunk(number) ?? scoreAny(number)) : undefined)
  );
}

function scoreInternational({
  digits,
  hasParentheses,
  lengths,
}: WrittenNumber): PhoneScore | undefined {
  if (isGivenOut(digits)) return { score: 0.75, reason: 'phone-international-valid' };
  const found = parsePhoneNumberFromString(`+${digits}`);
  if (found?.isValid() === true) return { score: 0.75, reason: 'phone-international-valid' };
  // A trunk zero in brackets, as in `+44 (0)20`, is not dialled from abroad.
  if (hasParentheses) {
    const place = lengths[0] ?? 0;
    const without = digits.slice(0, place) + digits.slice(place).replace(/^0/, '');
    const inner = parsePhoneNumberFromString(`+${without}`);
    if (inner?.isPossible() === true) {
      return { score: inner.isValid() ? 0.75 : 0.5, reason: 'phone-international' };
    }
  }
  return found?.isPossible() === true ? { score: 0.45, reason: 'phone-international' } : undefined;
}

/** Three, three and four digits, of which area and exchange begin with 2 to 9. */
function scoreNorthAmerican(number: WrittenNumber): PhoneScore | undefined {
  const { digits, hasParentheses, separators } = number;
  if (!/^(?:1,)?3,3,4$/.test(number.lengths.join(','))) return undefined;
  if (digits.length === 11 && !digits.startsWith('1')) return undefined;
  const national = digits.slice(-10);
  if (/^(.)\1+$/.test(national)) return undefined;
  const isShaped = /^[2-9]\d{2}[2-9]\d{6}$/.test(national);
  const isValid = isShaped && isGivenOut(`1${national}`);
  const isPlain = hasParentheses || (separators.size === 1 && !separators.has('/'));
  if (!isPlain) return undefined;
  const isHyphened = hasParentheses || separators.has('-');
  if (isValid) return { score: isHyphened ? 0.6 : 0.45, reason: 'phone-north-american-valid' };
  if (!isShaped || !isHyphened) return undefined;
  return { score: 0.4, reason: 'phone-north-american' };
}

function scoreInRegion(number: WrittenNumber, region: string | undefined): PhoneScore | undefined {
  if (region === undefined || !isSupportedCountry(region)) return undefined;
  if (!hasPlainSeparators(number) || !isValidIn(region, number.digits)) return undefined;
  const score = number.lengths.length > 1 ? 0.5 : 0.3;
  return { score, reason: 'phone-national-valid' };
}

/** A country code without its plus, or behind 00: only where hyphens or a code make it one number. */
function scorePrefixed({ digits, lengths, separators }: WrittenNumber): PhoneScore | undefined {
  const hasPrefix = /^00[1-9]/.test(digits);
  if (digits.length < 10 || separators.size > 1 || !(separators.has('-') || hasPrefix)) {
    return undefined;
  }
  if (!hasPrefix && (lengths.length < 4 || (lengths[0] ?? 4) > 3)) return undefined;
  if (!hasPrefix && !lengths.slice(1).every((length) => length >= 2)) return undefined;
  return isGivenOut(digits.replace(/^00/, ''))
    ? { score: 0.4, reason: 'phone-country-code' }
    : undefined;
}

/** A trunk zero and at least three groups of a number that some country has. */
function scoreTrunk(number: WrittenNumber): PhoneScore | undefined {
  const { digits, lengths } = number;
  if (!/^0[1-9]/.test(digits) || digits.length < 9 || digits.length > 11) return undefined;
  if (lengths.length < 3 || !(hasPlainSeparators(number) || hasAreaSeparator(number))) {
    return undefined;
  }
  if (lengths.slice(1).some((length) => length < 2) || lengths.join() === '3,2,4') return undefined;
  return TRUNK_NUMBER.test(digits) ? { score: 0.4, reason: 'phone-trunk-valid' } : undefined;
}

/** A hyphen or slash behind the area alone, and one other separator after it: `08-123 456 78`, `030/23125-678`. */
function hasAreaSeparator({ written }: WrittenNumber): boolean {
  return /^0(?:\d{1,4} ?-|\d{2,4} ?\/) ?\d+(?:([ -])\d+)(?:\1\d+)*$/.test(written);
}

function hasPlainSeparators({ separators, lengths, hasParentheses }: WrittenNumber): boolean {
  if (separators.has('/')) return false;
  // Dots, as in France, between pairs; between longer groups they part thousands, versions and addresses.
  if (separators.has('.')) return separators.size === 1 && lengths.every((length) => length === 2);
  return separators.size <= 1 || hasParentheses;
}

function scoreAny({ digits, lengths }: WrittenNumber): PhoneScore | undefined {
  if (/^(?:000|(.)\1+$)/.test(digits) || digits.length > 12 || lengths.length > 6) return undefined;
  const isSolid = lengths.length === 1;
  const isDialled = /^(?:0|1?[2-9]\d{2}[2-9]\d{6}$)/.test(digits);
  const isLocal = lengths.join() === '3,4';
  const needsName = (digits.length < 9 && !isLocal) || (isSolid && !isDialled);
  return { score: 0.15, reason: 'phone-shape', needsContext: true, needsName };
}

function isValidIn(country: CountryCode, digits: string): boolean {
  return parsePhoneNumberFromString(digits, country)?.isValid() === true;
}
