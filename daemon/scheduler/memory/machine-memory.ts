import { totalmem } from 'node:os';
import { bindDarwinMemory } from './platform/darwin.ts';
import { bindLinuxMemory } from './platform/linux.ts';
import type { MemoryPlatform, Pressure } from './platform/memory-platform.ts';

/** The memory of this machine, or of the part of it that this daemon is confined to. */
export interface MachineMemory {
  /** Constant. */
  readonly totalBytes: number;
  /** What could be taken now without anyone else losing anything. */
  availableBytes(): number;
  pressure(): Pressure;
}

/** Where the system tells nothing, all of it counts as available and pressure is never seen. */
export function createMachineMemory(platform: NodeJS.Platform = process.platform): MachineMemory {
  const system = bindPlatform(platform);
  const stated = system.limitBytes();
  const totalBytes = Math.min(totalmem(), constrainedBytes(), stated ?? Infinity);
  return {
    totalBytes,
    availableBytes: () => Math.min(totalBytes, system.availableBytes() ?? totalBytes),
    pressure: () => system.pressure() ?? 'normal',
  };
}

/** The limit of the group of processes that this one is in; endless without one. */
function constrainedBytes(): number {
  const bytes = process.constrainedMemory();
  return bytes > 0 ? bytes : Infinity;
}

const SILENT: MemoryPlatform = {
  limitBytes: () => undefined,
  availableBytes: () => undefined,
  pressure: () => undefined,
};

function bindPlatform(platform: NodeJS.Platform): MemoryPlatform {
  try {
    if (platform === 'linux') return bindLinuxMemory();
    if (platform === 'darwin') return bindDarwinMemory();
  } catch {
    // A system that lacks one of its own calls is treated as one that tells nothing.
  }
  return SILENT;
}
