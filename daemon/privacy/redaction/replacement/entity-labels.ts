import type { PATTERN_ENTITIES } from '@locara/protocol';

type ShortNames = typeof PATTERN_ENTITIES;

/** The table of the protocol the other way round; the compiler sees to it that they stay the same. */
const SHORT_NAMES: { readonly [N in keyof ShortNames as ShortNames[N]]: N } = {
  EMAIL_ADDRESS: 'email',
  PHONE_NUMBER: 'phone',
  US_SSN: 'ssn',
  CREDIT_CARD: 'creditCard',
  IP_ADDRESS: 'ip',
  STREET_ADDRESS: 'address',
  IBAN_CODE: 'iban',
  MAC_ADDRESS: 'mac',
  URL: 'url',
  CRYPTO: 'crypto',
  DATE_TIME: 'dateOfBirth',
  PASSPORT: 'passport',
  DRIVER_LICENSE: 'driverLicense',
  ABA_ROUTING_NUMBER: 'bankRouting',
  SECRET: 'secret',
  NATIONAL_ID: 'nationalId',
};

const NAMES_BY_ENTITY: ReadonlyMap<string, string> = new Map(Object.entries(SHORT_NAMES));

const PASSPORT = /^[A-Z]{2}_PASSPORT$/;
const DRIVER_LICENSE = /^[A-Z]{2}_(DRIVER_LICENSE|DRIVING_LICENCE|FUEHRERSCHEIN)$/;
const NATIONAL = /^[A-Z]{2}_/;

/**
 * What `{PATTERN}` and placeholders call an entity: its short name in capitals (`EMAIL`), for one of a country that
 * of its kind (`NATIONALID`), for one of the caller's own its name in capitals.
 */
export function labelOf(entity: string): string {
  return shortNameOf(entity).toUpperCase();
}

function shortNameOf(entity: string): string {
  const known = NAMES_BY_ENTITY.get(entity);
  if (known !== undefined) return known;
  if (PASSPORT.test(entity)) return SHORT_NAMES.PASSPORT;
  if (DRIVER_LICENSE.test(entity)) return SHORT_NAMES.DRIVER_LICENSE;
  return NATIONAL.test(entity) ? SHORT_NAMES.NATIONAL_ID : entity;
}
