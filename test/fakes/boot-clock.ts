import type { BootClock } from '../../daemon/clock/boot-clock.ts';
import type { BootReading } from '../../daemon/clock/boot-reading.ts';

/** A boot clock that a test moves, reboots and breaks. */
export interface FakeBootClock extends BootClock {
  pass(elapsedMs: number): void;
  /** A new boot that has lasted this long. */
  reboot(elapsedMs: number): void;
  setBroken(isBroken: boolean): void;
}

export function createFakeBootClock(): FakeBootClock {
  let boot = 1;
  let elapsedMs = 60_000;
  let isBroken = false;
  return {
    read: (): BootReading | undefined =>
      isBroken ? undefined : { bootId: `boot ${boot}`, elapsedMs },
    pass: (ms) => {
      elapsedMs += ms;
    },
    reboot: (ms) => {
      boot += 1;
      elapsedMs = ms;
    },
    setBroken: (broken) => {
      isBroken = broken;
    },
  };
}
