import { PATTERN_ENTITIES } from '@locara/protocol';

const SHORT_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(PATTERN_ENTITIES).map(([name, entity]) => [entity, name]),
);

const PASSPORT = /^[A-Z]{2}_PASSPORT$/;
const DRIVER_LICENSE = /^[A-Z]{2}_(DRIVER_LICENSE|DRIVING_LICENCE|FUEHRERSCHEIN)$/;
const NATIONAL_ID = /^[A-Z]{2}_/;

/** By which pattern an entity was found: `email`, for one of a country its kind, for the app's own its name. */
export function patternOf(entity: string): string {
  const known = SHORT_NAMES.get(entity);
  if (known !== undefined) return known;
  if (PASSPORT.test(entity)) return 'passport';
  if (DRIVER_LICENSE.test(entity)) return 'driverLicense';
  return NATIONAL_ID.test(entity) ? 'nationalId' : entity;
}
