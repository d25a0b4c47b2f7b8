import type { CapabilityUse } from './audit.ts';

export type Outcome = 'used' | 'denied';

/** Calls of one app with one capability, method and outcome, counted together. */
export interface UseRecord extends CapabilityUse {
  readonly outcome: Outcome;
  /** Rises from one record to the next. */
  readonly sequence: number;
  count: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
  lastAt: number;
  /** The number of its entry, once it is one. */
  n?: number;
}

/** Records of one app that are open at once; what is more distinct is counted together under `*`. */
const MAX_OPEN_PER_APP = 96;
/** Entries that one app may cause in an hour, whatever it does; then its records stay open for longer. */
const MAX_ENTRIES_PER_HOUR = 120;
const HOUR_MS = 3_600_000;

interface AppWindow {
  /** Outcome, method, capability. */
  readonly open: Record<Outcome, Map<string, Map<string, UseRecord>>>;
  records: UseRecord[];
  readonly budget: Budget;
}

/**
 * Counts uses until they become entries. Counting costs three look-ups; what an app can make the log grow by
 * is bounded by the hour.
 */
export class UseWindow {
  readonly #apps = new Map<string, AppWindow>();
  readonly #onOpen: (record: UseRecord) => void;
  readonly #now: () => number;
  #sequence = 0;

  constructor(onOpen: (record: UseRecord) => void, now: () => number = () => performance.now()) {
    this.#onOpen = onOpen;
    this.#now = now;
  }

  count(outcome: Outcome, use: CapabilityUse): void {
    const record =
      this.#apps.get(use.appId)?.open[outcome].get(use.method)?.get(use.capability) ??
      this.#openRecord(outcome, use);
    record.count += 1;
    record.lastAt = Date.now();
  }

  /** A number for a record that is not counted here any more. */
  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  get hasOpen(): boolean {
    return [...this.#apps.values()].some(({ records }) => records.length > 0);
  }

  /** Closes records, as many as each app may still cause entries for, or all of them; the oldest first. */
  close(which: 'affordable' | 'all' = 'affordable'): UseRecord[] {
    return [...this.#apps.values()].flatMap((app) => this.#closeOf(app, which)).sort(byAge);
  }

  closeApp(appId: string): UseRecord[] {
    const app = this.#apps.get(appId);
    return app === undefined ? [] : this.#closeOf(app, 'all');
  }

  /** True when the app may cause one more entry this hour; counts it. */
  spend(appId: string): boolean {
    return this.#appWindow(appId).budget.spend(this.#now());
  }

  #closeOf(app: AppWindow, which: 'affordable' | 'all'): UseRecord[] {
    const now = this.#now();
    const closed = app.records.sort(byAge).filter(() => app.budget.spend(now) || which === 'all');
    app.records = app.records.slice(closed.length);
    for (const { outcome, method, capability } of closed) {
      app.open[outcome].get(method)?.delete(capability);
      if (app.open[outcome].get(method)?.size === 0) app.open[outcome].delete(method);
    }
    return closed;
  }

  #openRecord(outcome: Outcome, use: CapabilityUse): UseRecord {
    const app = this.#appWindow(use.appId);
    const { appId } = use;
    const { method, capability } = app.records.length < MAX_OPEN_PER_APP ? use : ANYTHING;
    const known = app.open[outcome].get(method)?.get(capability);
    if (known !== undefined) return known;
    const now = Date.now();
    const record: UseRecord = {
      appId,
      capability,
      method,
      outcome,
      sequence: this.nextSequence(),
      count: 0,
      firstAt: now,
      lastAt: now,
    };
    app.records.push(record);
    const ofMethod = app.open[outcome].get(method) ?? new Map<string, UseRecord>();
    app.open[outcome].set(method, ofMethod.set(capability, record));
    this.#onOpen(record);
    return record;
  }

  #appWindow(appId: string): AppWindow {
    const known = this.#apps.get(appId);
    if (known !== undefined) return known;
    const app = { open: { used: new Map(), denied: new Map() }, records: [], budget: new Budget() };
    this.#apps.set(appId, app);
    return app;
  }
}

const ANYTHING = { method: '*', capability: '*' };

/** What one app may still cause this hour. */
class Budget {
  #left = MAX_ENTRIES_PER_HOUR;
  #endsAt = 0;

  spend(now: number): boolean {
    if (now >= this.#endsAt) {
      this.#endsAt = now + HOUR_MS;
      this.#left = MAX_ENTRIES_PER_HOUR;
    }
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}

function byAge(left: UseRecord, right: UseRecord): number {
  return left.lastAt - right.lastAt || left.sequence - right.sequence;
}
