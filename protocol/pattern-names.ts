/** What can be looked for, by the short name that a caller may write for it. */
export const PATTERN_ENTITIES = {
  email: 'EMAIL_ADDRESS',
  phone: 'PHONE_NUMBER',
  ssn: 'US_SSN',
  creditCard: 'CREDIT_CARD',
  ip: 'IP_ADDRESS',
  address: 'STREET_ADDRESS',
  iban: 'IBAN_CODE',
  mac: 'MAC_ADDRESS',
  url: 'URL',
  crypto: 'CRYPTO',
  dateOfBirth: 'DATE_TIME',
  passport: 'PASSPORT',
  driverLicense: 'DRIVER_LICENSE',
  bankRouting: 'ABA_ROUTING_NUMBER',
  secret: 'SECRET',
  nationalId: 'NATIONAL_ID',
} as const;

/** Entities that are chosen and counted with their like of other countries: the first that fits. */
const GROUPS: readonly (readonly [entities: RegExp, name: string])[] = [
  [/^[A-Z]{2}_PASSPORT$/, PATTERN_ENTITIES.passport],
  [/^[A-Z]{2}_(?:DRIVER_LICENSE|DRIVING_LICENCE|FUEHRERSCHEIN)$/, PATTERN_ENTITIES.driverLicense],
  [/^(?:API_KEY|JWT|PRIVATE_KEY|CREDENTIAL)$/, PATTERN_ENTITIES.secret],
  [/^US_BANK_NUMBER$/, PATTERN_ENTITIES.bankRouting],
  [/^(?:UK_POSTCODE|DE_PLZ)$/, PATTERN_ENTITIES.address],
  [/^(?:[A-Z]{2}_(?:MOBILE|PHONE)_NUMBER)$/, PATTERN_ENTITIES.phone],
  [/^(?!IP_)[A-Z]{2}_|^MEDICAL_LICENSE$/, PATTERN_ENTITIES.nationalId],
];

/** With which others an entity is chosen; undefined where it stands alone. */
export function groupOf(entity: string): string | undefined {
  return GROUPS.find(([entities]) => entities.test(entity))?.[1];
}

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(PATTERN_ENTITIES).map(([name, entity]) => [entity, name]),
);

/** By which an entity is counted: itself where it has a short name, else its like of all countries. */
export function kindOf(entity: string): string {
  return NAMES.has(entity) ? entity : (groupOf(entity) ?? entity);
}

/** What a caller writes for an entity: its own short name, that of its like of other countries, or its name. */
export function patternOf(entity: string): string {
  return NAMES.get(kindOf(entity)) ?? entity;
}
