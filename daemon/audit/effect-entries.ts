import type { ChainedEntry, Draft } from './chain.ts';
import { EFFECT_STEPS, type EffectRecord, type EffectStep } from './effect-window.ts';

export const EFFECT_EVENTS = {
  redact: 'privacy.redacted',
  dp: 'privacy.noised',
  encrypt: 'privacy.encrypted',
  decrypt: 'privacy.decrypted',
} as const satisfies Record<EffectStep, string>;

/** The entry that a closed record becomes: one number field for each thing that was counted. */
export function toEffectDraft({ appId, step, ...record }: EffectRecord): Draft {
  const { method, count, counts, firstAt, lastAt } = record;
  const fields = {
    ...Object.fromEntries(counts),
    method,
    count,
    firstAt: new Date(firstAt).toISOString(),
    lastAt: new Date(lastAt).toISOString(),
  };
  return { at: new Date().toISOString(), event: EFFECT_EVENTS[step], appId, fields };
}

/** The record that an entry stands for; undefined for every other entry. */
export function toEffectRecord({
  n,
  appId,
  event,
  fields,
}: ChainedEntry): EffectRecord | undefined {
  const step = EFFECT_STEPS.find((known) => EFFECT_EVENTS[known] === event);
  const { method, count, firstAt, lastAt, ...others } = fields;
  if (step === undefined || appId === undefined || typeof count !== 'number') return undefined;
  const times = { firstAt: Date.parse(String(firstAt)), lastAt: Date.parse(String(lastAt)) };
  if (Number.isNaN(times.firstAt) || Number.isNaN(times.lastAt)) return undefined;
  const counts = new Map(
    Object.entries(others).filter((pair): pair is [string, number] => typeof pair[1] === 'number'),
  );
  return { appId, method: String(method), step, counts, count, ...times, n };
}
