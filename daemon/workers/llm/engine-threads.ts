import type { EngineDevice } from '../device.ts';
import { createThreadTuner, type Step } from './batch/thread-tuner.ts';

/** The threads of one loaded engine: what the daemon allows, what the pace of its steps makes of it. */
export interface EngineThreads {
  readonly threads: number;
  /** After every step of the engine. */
  readonly observe: (step: Step) => void;
  /** The daemon's word: the most from now on. */
  setAllowed(threads: number): void;
  /** Called with the number from the next step on, whenever it changes. */
  onChange(apply: (threads: number) => void): void;
  /** Called with what it runs on, whenever that changes. */
  readonly watchDevice: (onChange: (device: EngineDevice) => void) => void;
}

export interface EngineThreadsDeps {
  readonly device: EngineDevice;
  readonly now?: () => number;
}

/** On a GPU the pace is not the threads' doing: there they are only what the daemon allows. */
export function createEngineThreads({ device, now }: EngineThreadsDeps): EngineThreads {
  const tuner = createThreadTuner(device.threads, now);
  const appliers: ((threads: number) => void)[] = [];
  const watchers: ((device: EngineDevice) => void)[] = [];
  const change = (threads: number): void => {
    for (const apply of appliers) apply(threads);
    for (const tell of watchers) tell(describe(device, threads, tuner.allowed));
  };
  return {
    get threads() {
      return tuner.threads;
    },
    observe: (step) => {
      const threads = device.device === 'CPU' ? tuner.observe(step) : undefined;
      if (threads !== undefined) change(threads);
    },
    setAllowed: (allowed) => {
      const before = tuner.threads;
      const threads = tuner.setAllowed(allowed);
      if (threads !== before) change(threads);
    },
    onChange: (apply) => {
      appliers.push(apply);
    },
    watchDevice: (onChange) => {
      watchers.push(onChange);
    },
  };
}

function describe(device: EngineDevice, threads: number, allowed: number): EngineDevice {
  const threadsWhy = `It was given ${allowed} threads; fewer are faster while other programs use the cores.`;
  return { ...device, threads, ...(threads < allowed ? { threadsWhy } : {}) };
}
