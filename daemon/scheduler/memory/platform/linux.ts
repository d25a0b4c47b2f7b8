import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readGroupMemory } from './control-groups.ts';
import type { MemoryPlatform, Pressure } from './memory-platform.ts';

/** Shares of the time that programs stood still for memory, in percent, at which models have to go. */
const WARNING_SOME_PERCENT = 10;
const CRITICAL_FULL_PERCENT = 10;

/** The kernel's own figures: MemAvailable, the limits of control groups, and pressure stall information. */
export function bindLinuxMemory(root = '/'): MemoryPlatform {
  const readPressure = createStallReader(join(root, 'proc/pressure/memory'));
  return {
    limitBytes: () => {
      const limits = readGroupMemory(root).map(({ limitBytes }) => limitBytes);
      return limits.length === 0 ? undefined : Math.min(...limits);
    },
    availableBytes: () => {
      const machine = parseAvailable(readText(join(root, 'proc/meminfo')) ?? '');
      const groups = readGroupMemory(root).map(({ limitBytes, usedBytes }) =>
        Math.max(0, limitBytes - usedBytes),
      );
      const known = machine === undefined ? groups : [machine, ...groups];
      return known.length === 0 ? undefined : Math.min(...known);
    },
    pressure: readPressure,
  };
}

/** MemAvailable of /proc/meminfo. */
export function parseAvailable(text: string): number | undefined {
  const line = /^MemAvailable:\s+(\d+) kB$/m.exec(text);
  return line === null ? undefined : Number(line[1]) * 1024;
}

/** Of one kind of stall: `some` programs waited for memory, or `full`, all of them at once. */
export interface Stall {
  /** Percent of the last ten seconds. */
  readonly recentPercent: number;
  /** Microseconds since the system started. */
  readonly totalUs: number;
}

/** The two lines of /proc/pressure/memory. */
export function parseStalls(text: string): { some: Stall; full: Stall } | undefined {
  const some = parseStall(text, 'some');
  const full = parseStall(text, 'full');
  return some === undefined || full === undefined ? undefined : { some, full };
}

function parseStall(text: string, kind: string): Stall | undefined {
  const line = new RegExp(`^${kind} avg10=(\\d+\\.\\d+) .*total=(\\d+)$`, 'm').exec(text);
  return line === null ? undefined : { recentPercent: Number(line[1]), totalUs: Number(line[2]) };
}

/**
 * The kernel's average goes on for long after the pressure has ended, and one short stall is none: both the
 * average and the time since the last reading must be over the mark.
 */
function createStallReader(path: string): () => Pressure | undefined {
  let last: { readonly at: number; readonly some: number; readonly full: number } | undefined;
  return () => {
    const stalls = parseStalls(readText(path) ?? '');
    if (stalls === undefined) return undefined;
    const now = { at: performance.now(), some: stalls.some.totalUs, full: stalls.full.totalUs };
    const elapsedUs = last === undefined ? 0 : (now.at - last.at) * 1000;
    const isOver = (kind: 'some' | 'full', percent: number): boolean => {
      if (last === undefined || elapsedUs <= 0) return false;
      const sinceLast = ((now[kind] - last[kind]) / elapsedUs) * 100;
      return Math.min(stalls[kind].recentPercent, sinceLast) >= percent;
    };
    const isCritical = isOver('full', CRITICAL_FULL_PERCENT);
    const isWarning = isOver('some', WARNING_SOME_PERCENT);
    last = now;
    if (isCritical) return 'critical';
    return isWarning ? 'warning' : 'normal';
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
