import { RpcError } from '@locara/protocol/errors';
import type { Finding, ReplacementPlan } from '../redaction-ops.ts';
import { labelOf } from './entity-labels.ts';
import { maskValue } from './mask-value.ts';
import type { PlaceholderBook } from './placeholder-book.ts';
import { PSEUDONYM_KEY_BYTES, pseudonymOf } from './pseudonym.ts';

/** What stands in the place of an entity. */
export type Replacer = (entity: string, value: string) => string;

/** What some plans need. */
export interface ReplacerParts {
  readonly book: PlaceholderBook;
  readonly pseudonymKey?: Uint8Array | undefined;
}

/** Throws Unavailable where pseudonyms are asked for without a key: nothing weaker may stand in. */
export function createReplacer(
  plan: ReplacementPlan,
  { book, pseudonymKey }: ReplacerParts,
): Replacer {
  if (typeof plan === 'string') return (entity) => fillTemplate(plan, entity);
  switch (plan.mode) {
    case 'placeholder':
      return (entity, value) => book.placeholderOf(entity, value);
    case 'mask': {
      const { keepLast, character } = plan;
      return (entity, value) =>
        maskValue(value, { keepLast, character, keepsSeparators: entity !== 'SECRET' });
    }
    case 'pseudonym':
      if (pseudonymKey?.length !== PSEUDONYM_KEY_BYTES) throw noKey();
      return (entity, value) => pseudonymOf(pseudonymKey, entity, value);
    case 'drop':
    case 'block':
      return () => '';
  }
}

/** Throws Conflict (`pii_found`) where the plan is to let nothing pass. */
export function assertMayPass(plan: ReplacementPlan, findings: readonly Finding[]): void {
  if (typeof plan === 'string' || plan.mode !== 'block' || findings.length === 0) return;
  const entities = countEntities(findings);
  const message = 'The text has what it must not have; it was not passed on.';
  throw new RpcError('Conflict', message, { details: { rule: 'pii_found', entities } });
}

export function countEntities(findings: readonly Finding[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { entity } of findings) counts.set(entity, (counts.get(entity) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function fillTemplate(template: string, entity: string): string {
  return template.replace(/\{(PATTERN|ENTITY)\}/g, (_whole, name) =>
    name === 'PATTERN' ? labelOf(entity) : entity,
  );
}

function noKey(): RpcError {
  return new RpcError('Unavailable', 'There is no key for pseudonyms.', {
    details: { rule: 'pseudonym_key' },
  });
}
