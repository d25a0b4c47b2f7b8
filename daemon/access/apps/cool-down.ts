import { LIMITS } from '@locara/protocol';
import type { BootReading } from '../../clock/boot-reading.ts';
import type { Expansion } from './app-registry.ts';

/** How long something is known to have waited, and the observation that it counts on from. */
export type Waited = Expansion['waited'];

/** No boot has this id: what was first seen without a clock cannot be credited with the time of a boot. */
const UNKNOWN_BOOT = '';

/** A wait that begins now. */
export function beginWait(reading: BootReading | undefined): Waited {
  return {
    elapsedMs: 0,
    bootId: reading?.bootId ?? UNKNOWN_BOOT,
    bootMs: reading?.elapsedMs ?? 0,
  };
}

/**
 * What is proved by one more observation: in the same boot the time since the last one, in another boot all
 * of it, as it began later. Without a reading, or when a clock goes backwards, nothing is added.
 */
export function advanceWait(waited: Waited, reading: BootReading | undefined): Waited {
  if (reading === undefined) return waited;
  const { bootId, elapsedMs: bootMs } = reading;
  if (waited.bootId === UNKNOWN_BOOT) return { ...waited, bootId, bootMs };
  const isSameBoot = waited.bootId === bootId;
  // A clock that went back must catch up first: else going back and forth would count time twice.
  if (isSameBoot && bootMs <= waited.bootMs) return waited;
  const provedMs = isSameBoot ? bootMs - waited.bootMs : bootMs;
  return { elapsedMs: waited.elapsedMs + provedMs, bootId, bootMs };
}

/** What is left of the cool-down, in whole milliseconds; 0 when the user may decide. */
export function remainingMs({ elapsedMs }: Waited): number {
  return Math.max(0, Math.ceil(LIMITS.coolDownMs - elapsedMs));
}
