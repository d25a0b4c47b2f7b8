import type { RowReader } from '../database/row-reader.ts';
import type { StoredValue } from '../database/stored-value.ts';

/** A query between two pages. */
export interface OpenPage {
  readonly reader: RowReader;
  readonly columns: readonly string[];
  /** Read already, but not given to the app yet. */
  readonly nextRow: readonly StoredValue[];
}

/** Queries whose next page is expected soon, by cursor: they go on where they stopped. */
export interface OpenPages {
  /** The caller's alone from now on; undefined when time or a write has ended it. */
  take(cursor: string): OpenPage | undefined;
  keep(cursor: string, page: OpenPage): void;
  /** Whether there were any. */
  endAll(): boolean;
}

const MAX_OPEN = 4;
const KEEP_MS = 10_000;

export function createOpenPages({ keepMs = KEEP_MS } = {}): OpenPages {
  const pages = new Map<string, { readonly page: OpenPage; readonly timer: NodeJS.Timeout }>();
  const take = (cursor: string): OpenPage | undefined => {
    const kept = pages.get(cursor);
    if (kept === undefined) return undefined;
    pages.delete(cursor);
    clearTimeout(kept.timer);
    return kept.page.reader.isEnded ? undefined : kept.page;
  };
  const end = (cursor: string): void => take(cursor)?.reader.end();
  return {
    take,
    keep: (cursor, page) => {
      end(cursor);
      const [oldest] = pages.keys();
      if (oldest !== undefined && pages.size >= MAX_OPEN) end(oldest);
      const timer = setTimeout(() => {
        end(cursor);
      }, keepMs).unref();
      pages.set(cursor, { page, timer });
    },
    endAll: () => {
      const hadAny = pages.size > 0;
      for (const cursor of [...pages.keys()]) end(cursor);
      return hadAny;
    },
  };
}
