import type { ChainedEntry, Draft } from './chain.ts';
import type { Outcome, UseRecord } from './use-window.ts';

const EVENTS: Readonly<Record<Outcome, string>> = {
  used: 'capability.used',
  denied: 'capability.denied',
};

/** The entry that a closed record becomes. */
export function toDraft({
  appId,
  capability,
  method,
  outcome,
  count,
  firstAt,
  lastAt,
}: UseRecord): Draft {
  const fields = {
    capability,
    method,
    count,
    firstAt: new Date(firstAt).toISOString(),
    lastAt: new Date(lastAt).toISOString(),
  };
  return { at: new Date().toISOString(), event: EVENTS[outcome], appId, fields };
}

/** The record that an entry stands for; undefined for every other entry. */
export function toRecord(entry: ChainedEntry, sequence: number): UseRecord | undefined {
  const { n, appId, event } = entry;
  const outcome = event === EVENTS.used ? 'used' : event === EVENTS.denied ? 'denied' : undefined;
  const { capability, method, count, firstAt, lastAt } = entry.fields;
  if (outcome === undefined || appId === undefined || typeof count !== 'number') return undefined;
  const times = { firstAt: Date.parse(String(firstAt)), lastAt: Date.parse(String(lastAt)) };
  if (Number.isNaN(times.firstAt) || Number.isNaN(times.lastAt)) return undefined;
  const use = { appId, capability: String(capability), method: String(method) };
  return { ...use, outcome, sequence, count, ...times, n };
}
