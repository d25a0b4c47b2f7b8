import type { PATTERN_ENTITIES } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';

/** As the protocol has them; the compiler sees to it that they stay the same. */
const SHORT_NAMES: typeof PATTERN_ENTITIES = {
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
};

/** Under which name entities can be chosen with their like, the first that fits. */
const GROUPS: readonly (readonly [entities: RegExp, name: string])[] = [
  [/^[A-Z]{2}_PASSPORT$/, SHORT_NAMES.passport],
  [/^[A-Z]{2}_(?:DRIVER_LICENSE|DRIVING_LICENCE|FUEHRERSCHEIN)$/, SHORT_NAMES.driverLicense],
  [/^(?:API_KEY|JWT|PRIVATE_KEY|CREDENTIAL)$/, SHORT_NAMES.secret],
  [/^US_BANK_NUMBER$/, SHORT_NAMES.bankRouting],
  [/^(?:UK_POSTCODE|DE_PLZ)$/, SHORT_NAMES.address],
  [/^(?:[A-Z]{2}_(?:MOBILE|PHONE)_NUMBER)$/, SHORT_NAMES.phone],
  [/^(?!IP_)[A-Z]{2}_|^MEDICAL_LICENSE$/, SHORT_NAMES.nationalId],
];

function groupOf(entity: string): string | undefined {
  return GROUPS.find(([entities]) => entities.test(entity))?.[1];
}

/**
 * Which of `entities` are meant by short names, groups (`PASSPORT`) and entities' own names. A name that means none
 * is refused (InvalidParams, `rule: unknown_pattern`): it would otherwise redact nothing, and nobody would know.
 */
export function chooseEntities(
  names: readonly string[],
  entities: ReadonlySet<string>,
  custom: ReadonlySet<string>,
): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const name of names) {
    const wanted = Object.hasOwn(SHORT_NAMES, name)
      ? SHORT_NAMES[name as keyof typeof SHORT_NAMES]
      : name;
    const meant = [...entities].filter((entity) => entity === wanted || groupOf(entity) === wanted);
    if (meant.length === 0 && !custom.has(name)) throw unknownPattern(name);
    for (const entity of meant) chosen.add(entity);
  }
  return chosen;
}

const NAMES_BY_ENTITY: ReadonlyMap<string, string> = new Map(
  Object.entries(SHORT_NAMES).map(([name, entity]) => [entity, name]),
);

/** What a caller writes for an entity: its own short name, that of its like of other countries, or its name. */
export function shortNameOf(entity: string): string {
  return NAMES_BY_ENTITY.get(entity) ?? NAMES_BY_ENTITY.get(groupOf(entity) ?? '') ?? entity;
}

/** The entity by which one is counted: that of its like of all countries, or its own. */
export function kindOf(entity: string): string {
  return groupOf(entity) ?? entity;
}

function unknownPattern(name: string): RpcError {
  return new RpcError('InvalidParams', `There is no pattern called ${name}.`, {
    details: { rule: 'unknown_pattern', pattern: name },
  });
}
