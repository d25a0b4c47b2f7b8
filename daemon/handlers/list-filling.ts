import type { ControlResult, StoreFill } from '@locara/protocol';
import type { AppRecord } from '../access/apps/app-registry.ts';
import { FILLING_PERCENT } from '../stores/filling/watch-filling.ts';

/** The apps whose stores are nearly full. */
export function listFilling(
  apps: readonly AppRecord[],
  fillOf: (record: AppRecord) => StoreFill,
): NonNullable<ControlResult<'status.get'>['filling']> {
  return apps
    .map((record) => ({ appId: record.appId, ...fillOf(record) }))
    .filter(({ percent }) => percent >= FILLING_PERCENT);
}
