import type { CountryCode } from 'libphonenumber-js/max';
import metadata from 'libphonenumber-js/max/metadata';

/** Places in the library's description of a country's plan of numbers. */
const GENERAL = 2;
const TYPES = 11;
const MOST_CODE_DIGITS = 3;

/** By calling code, what numbers its countries give out: all kinds of all of them in one expression. */
const GIVEN_OUT: ReadonlyMap<string, RegExp> = new Map(
  Object.entries(metadata.country_calling_codes).map(([code, countries]) => [
    code,
    matchWhole(countries.flatMap(listTypePatterns)),
  ]),
);

function listTypePatterns(country: string): readonly string[] {
  const types: unknown = planOf(country)[TYPES];
  return (Array.isArray(types) ? types : []).flatMap((type: unknown) =>
    Array.isArray(type) && typeof type[0] === 'string' ? [type[0]] : [],
  );
}

function planOf(country: string): readonly unknown[] {
  return (metadata.countries as Readonly<Record<string, readonly unknown[]>>)[country] ?? [];
}

function matchWhole(patterns: readonly string[]): RegExp {
  return patterns.length === 0 ? /(?!)/ : new RegExp(`^(?:${patterns.join('|')})$`);
}

/**
 * Whether a number that begins with a calling code is one that was given out: what the library says, from
 * its own plans, at a twentieth of the time. Trunk prefixes behind the code are left to the library itself.
 */
export function isGivenOut(digits: string): boolean {
  for (let length = 1; length <= MOST_CODE_DIGITS; length += 1) {
    const plan = GIVEN_OUT.get(digits.slice(0, length));
    if (plan !== undefined) return plan.test(digits.slice(length));
  }
  return false;
}

/** What the general plans of some countries allow behind a trunk zero, which Italy keeps. */
export function matchTrunkNumbers(countries: readonly CountryCode[]): RegExp {
  const patterns = countries.map((country) => String(planOf(country)[GENERAL]));
  return new RegExp(`^0?(?:${patterns.join('|')})$`);
}
