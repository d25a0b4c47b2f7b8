import { patternOf } from '@locara/protocol/pattern-names';

/**
 * What `{PATTERN}` and placeholders call an entity: its short name in capitals (`EMAIL`), for one of a country that
 * of its kind (`NATIONALID`), for one of the caller's own its name in capitals.
 */
export function labelOf(entity: string): string {
  return patternOf(entity).toUpperCase();
}
