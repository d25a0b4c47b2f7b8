import type { Progress } from '@locara/protocol';
import type { EngineDevice } from './device.ts';

/** What an engine knows about one operation it runs, inside the worker process. */
export interface EngineCall<C> {
  readonly signal: AbortSignal;
  chunk(chunk: C): void;
  progress(progress: Progress): void;
}

/** The operations of one kind of worker. Expected failures are thrown as RpcError; anything else is a bug. */
export type Engine<Ops> = {
  readonly [O in keyof Ops]: Ops[O] extends {
    params: infer P;
    chunk: infer C;
    result: infer R;
  }
    ? (params: P, call: EngineCall<C>) => R | Promise<R>
    : never;
};

export interface LoadedEngine<Ops> {
  readonly engine: Engine<Ops>;
  /** What it runs on once loaded. */
  readonly device: EngineDevice;
  /** Whenever that changes, as when other programs take its cores. */
  readonly watchDevice?: (onChange: (device: EngineDevice) => void) => void;
}

/** What every worker answers, whatever its engine: nothing, once that is loaded. */
export interface LoadOps {
  load: { params: undefined; chunk: never; result: undefined };
}
export const LOAD: keyof LoadOps = 'load';
