import type { RunningPipeline } from '../privacy/pipeline/pipeline.ts';
import { redactInContext, type TextOfField } from '../privacy/pipeline/redact-in-context.ts';
import type { SealableRecord } from './sealed-records.ts';

/** `token` alone names cursors and labels as well, of which nothing but the name would look secret. */
const TELLS_NOTHING = /^(?:.*(?:page|cursor|next))?[_-]?tokens?$/i;

/**
 * Redacts the texts of records and every text and number in their metadata; a number that was redacted is a text then.
 * Names of fields tell what is in them, and stay.
 */
export async function redactRecords<R extends SealableRecord>(
  running: Pick<RunningPipeline, 'redactTexts'>,
  records: readonly R[],
): Promise<R[]> {
  const texts: TextOfField[] = [];
  for (const { text, metadata } of records) {
    if (text !== undefined) texts.push({ text });
    mapTexts(metadata, (found) => {
      texts.push(found);
      return found.text;
    });
  }
  // In one go: the same name gets the same placeholder in all records.
  const redacted = (await redactInContext(running, texts)).values();
  const next = (): string => redacted.next().value ?? '';
  return records.map((record) => {
    const { text, metadata } = record;
    return {
      ...record,
      ...(text === undefined ? {} : { text: next() }),
      ...(metadata === undefined
        ? {}
        : { metadata: mapTexts(metadata, next) as Record<string, unknown> }),
    };
  });
}

/** The same value with every text and number in it mapped, in the order in which they stand. */
function mapTexts(value: unknown, map: (found: TextOfField) => string, name?: string): unknown {
  if (typeof value === 'string') return map({ text: value, name });
  if (typeof value === 'number') {
    const text = String(value);
    const mapped = map({ text, name });
    return mapped === text ? value : mapped;
  }
  if (Array.isArray(value)) return value.map((child) => mapTexts(child, map, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, child]) => [
      field,
      mapTexts(child, map, TELLS_NOTHING.test(field) ? undefined : field),
    ]),
  );
}
