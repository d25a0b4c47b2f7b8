import type { PrivacyEffectEntry } from '@locara/protocol';
import { dropRecordsThrough } from './drop-records.ts';
import { EFFECT_EVENTS } from './effect-entries.ts';
import type { EffectRecord } from './effect-window.ts';

/** What an app can list of itself. */
const MAX_LISTED = 1000;

/** What was done to each app's content, as it is told to the app; in memory, from the log. */
export class EffectIndex {
  readonly #apps = new Map<string, EffectRecord[]>();

  add(record: EffectRecord): void {
    const records = this.#apps.get(record.appId) ?? [];
    records.push(record);
    // Twice as many before the oldest go, so that it is not done for each.
    const isFull = records.length > 2 * MAX_LISTED;
    this.#apps.set(record.appId, isFull ? records.slice(-MAX_LISTED) : records);
  }

  forget(appId: string): void {
    this.#apps.delete(appId);
  }

  /** Forgets what the log has dropped: entries up to this number. */
  dropThrough(n: number): void {
    dropRecordsThrough(this.#apps, n);
  }

  /** Newest first. */
  list(appId: string, limit: number): PrivacyEffectEntry[] {
    const records = (this.#apps.get(appId) ?? []).slice(-MAX_LISTED);
    return records
      .sort((left, right) => right.lastAt - left.lastAt)
      .slice(0, limit)
      .map(({ step, method, count, counts, firstAt, lastAt }) => ({
        event: EFFECT_EVENTS[step],
        method,
        count,
        counts: Object.fromEntries(counts),
        firstAt: new Date(firstAt).toISOString(),
        lastAt: new Date(lastAt).toISOString(),
      }));
  }
}
