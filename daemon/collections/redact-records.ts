import type { RunningPipeline } from '../privacy/pipeline/pipeline.ts';
import type { SealableRecord } from './sealed-records.ts';

/** Redacts the texts of records and every text in their metadata; names of fields stay. */
export async function redactRecords<R extends SealableRecord>(
  running: Pick<RunningPipeline, 'redactTexts'>,
  records: readonly R[],
): Promise<R[]> {
  const texts: string[] = [];
  for (const { text, metadata } of records) {
    if (text !== undefined) texts.push(text);
    mapTexts(metadata, (found) => {
      texts.push(found);
      return found;
    });
  }
  // In one go: the same name gets the same placeholder in all records.
  const redacted = (await running.redactTexts(texts)).values();
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

/** The same value with every text in it mapped, in the order in which they stand. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((child) => mapTexts(child, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, mapTexts(child, map)]),
  );
}
