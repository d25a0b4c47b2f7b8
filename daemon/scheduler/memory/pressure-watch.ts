import type { Log } from '../../log.ts';
import type { Admission } from './admission.ts';
import type { Pressure } from './platform/memory-platform.ts';

/** Gives memory back before the system has to take it: idle models go, busy ones never. */
export interface PressureWatch {
  /** The level at the last look. */
  level(): Pressure;
  /** Looks regularly from now on, for as long as a model is in memory. */
  wake(): void;
  stop(): void;
}

export interface PressureWatchOptions {
  readonly admission: Pick<Admission, 'residents' | 'unloadIdle' | 'heldBytes' | 'freeBytes'>;
  readonly readPressure: () => Pressure;
  readonly intervalMs: number;
  readonly log: Log;
}

/** At `warning` one model a look, those without a lease alone; at `critical` all that are idle. */
export function createPressureWatch(options: PressureWatchOptions): PressureWatch {
  const { admission, readPressure, intervalMs, log } = options;
  let timer: NodeJS.Timeout | undefined;
  let level: Pressure = 'normal';
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    level = 'normal';
  };
  const look = (): void => {
    if (admission.residents().length === 0) {
      stop();
      return;
    }
    level = readPressure();
    if (level === 'normal') return;
    const unloaded = admission.unloadIdle(level === 'critical' ? 'all' : 'one');
    log.warn('memory.pressure', {
      state: level,
      unloaded: unloaded.length,
      heldBytes: admission.heldBytes(),
      availableBytes: admission.freeBytes(),
    });
  };
  return {
    level: () => level,
    wake: () => {
      timer ??= setInterval(look, intervalMs).unref();
    },
    stop,
  };
}
