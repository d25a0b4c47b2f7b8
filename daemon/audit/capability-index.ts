import { type CapabilityLogEntry, RpcError } from '@locara/protocol';
import type { CapabilityUsage, Page } from './audit.ts';
import { dropRecordsThrough } from './drop-records.ts';
import type { UseRecord } from './use-window.ts';

/** What an app can list of itself, so that listing costs little however long it has been in use. */
const MAX_LISTED = 2000;

/** What each app used and was denied, as it is told to the app and the user; in memory, from the log. */
export class CapabilityIndex {
  /** Of one app, in the order in which they were opened. */
  readonly #apps = new Map<string, UseRecord[]>();

  add(record: UseRecord): void {
    const records = this.#apps.get(record.appId);
    if (records === undefined) this.#apps.set(record.appId, [record]);
    else records.push(record);
  }

  /** The app's own view is gone; the chain keeps its lines. */
  forget(appId: string): void {
    this.#apps.delete(appId);
  }

  /** Forgets what the log has dropped: entries up to this number. */
  dropThrough(n: number): void {
    dropRecordsThrough(this.#apps, n);
  }

  /** Newest first. Throws InvalidParams for a cursor that is none. */
  page(appId: string, { limit, cursor }: Page): { entries: CapabilityLogEntry[]; cursor?: string } {
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const found = (this.#apps.get(appId) ?? [])
      .slice(-MAX_LISTED)
      .filter((record) => after === undefined || isNewer(after, record))
      .sort((left, right) => (isNewer(left, right) ? -1 : 1));
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const entries = shown.map(toLogEntry);
    if (last === undefined || shown.length === found.length) return { entries };
    return { entries, cursor: `${last.lastAt}.${last.sequence}` };
  }

  usageOf(appId: string): ReadonlyMap<string, CapabilityUsage> {
    const usage = new Map<string, { uses: number; denials: number; lastUsedAt: number }>();
    for (const { capability, outcome, count, lastAt } of this.#apps.get(appId) ?? []) {
      const total = usage.get(capability) ?? { uses: 0, denials: 0, lastUsedAt: 0 };
      usage.set(capability, total);
      if (outcome === 'denied') total.denials += count;
      else {
        total.uses += count;
        total.lastUsedAt = Math.max(total.lastUsedAt, lastAt);
      }
    }
    return new Map([...usage].map(([capability, total]) => [capability, toUsage(total)]));
  }
}

type Position = Pick<UseRecord, 'lastAt' | 'sequence'>;

function isNewer(left: Position, right: Position): boolean {
  return left.lastAt === right.lastAt ? left.sequence > right.sequence : left.lastAt > right.lastAt;
}

function readCursor(cursor: string): Position {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor);
  if (match !== null) return { lastAt: Number(match[1]), sequence: Number(match[2]) };
  const details = { issues: [{ path: 'cursor', rule: 'as an earlier answer gave it' }] };
  throw new RpcError('InvalidParams', 'The cursor is none that an answer gave.', { details });
}

function toLogEntry(record: UseRecord): CapabilityLogEntry {
  const { capability, method, outcome, count, firstAt, lastAt } = record;
  return { capability, method, outcome, count, firstAt: toIso(firstAt), lastAt: toIso(lastAt) };
}

function toUsage({
  uses,
  denials,
  lastUsedAt,
}: {
  readonly uses: number;
  readonly denials: number;
  readonly lastUsedAt: number;
}): CapabilityUsage {
  return { uses, denials, ...(lastUsedAt === 0 ? {} : { lastUsedAt: toIso(lastUsedAt) }) };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
