import { RpcError } from '@locara/protocol';
import { EXIT_COUNTED_ON } from '../../workers/store/ops/opening-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import type { ProcessHooks } from './process-hooks.ts';
import { isStoreTrouble } from './store-trouble.ts';

/** What is to be kept of each opening of a store's file. */
export interface OpeningRecorder {
  /** On the disk when it resolves. */
  readonly record: (generation: number) => Promise<void>;
  /** A process is loaded: what it was started with is not needed any more. */
  readonly onLoaded: () => void;
  /** An opening is on record for the first time since its process was loaded. */
  readonly onRecorded: () => void;
}

/** Its turn among the store's calls: nobody's call has to make room for it. */
const OWN_TURN = { app: 'locara:opening' } as const;

/**
 * A store's worker that acknowledges nothing before the generation of the file that did it is on record: an
 * older file put back cannot pass for the one that holds what was acknowledged.
 */
export function createRecordedWorker(
  createWorker: (hooks: ProcessHooks) => Worker<StoreOps>,
  recorder: OpeningRecorder,
): Worker<StoreOps> {
  let loaded = 0;
  let recorded = 0;
  let generation: number | undefined;
  let recording: Promise<boolean> | undefined;
  let closing: Promise<void> = Promise.resolve();

  const worker = createWorker({
    onReady: () => {
      loaded += 1;
      generation = undefined;
      recorder.onLoaded();
    },
    onExit: ({ wasReady, code }) => {
      if (!wasReady || code !== EXIT_COUNTED_ON || generation === undefined) return;
      // What is not on record is ahead of the record: that refuses nothing, and the next opening mends it.
      closing = recorder.record(generation + 1).catch(() => undefined);
      generation = undefined;
    },
  });
  /** False where the file is held back: then nothing of it was acknowledged, and there is nothing to record. */
  const recordOpening = async (): Promise<boolean> => {
    const opening = await worker.call('describeOpening', {}, OWN_TURN).catch(undefinedIfHeld);
    if (opening === undefined) return false;
    const serial = loaded;
    generation = opening.generation;
    await recorder.record(opening.generation);
    recorded = serial;
    recorder.onRecorded();
    return true;
  };
  const ensureRecorded = (): Promise<boolean> => {
    recording ??= recordOpening().finally(() => {
      recording = undefined;
    });
    return recording;
  };
  const isRecorded = (): boolean => loaded > 0 && recorded === loaded;
  return {
    ...worker,
    call: async (op, params, options) => {
      // Queued first, so that a new process is asked before it is used; its failure is the call's own.
      if (!isRecorded()) ensureRecorded().catch(() => undefined);
      const result = await worker.call(op, params, options);
      while (!isRecorded() && (await ensureRecorded()));
      return result;
    },
    close: async () => {
      await worker.close();
      await closing;
    },
    stopIfIdle: async () => {
      const isStopped = await worker.stopIfIdle();
      await closing;
      return isStopped;
    },
  };
}

/** A store that is damaged, lost or rolled back is not open; only copies of it and the user's help still work. */
function undefinedIfHeld(error: unknown): undefined {
  if (error instanceof RpcError && isStoreTrouble(error)) return undefined;
  throw error;
}
