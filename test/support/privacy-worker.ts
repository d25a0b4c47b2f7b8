import { describePrivacyWorker } from '../../daemon/privacy/create-privacy.ts';
import type { PrivacyOps } from '../../daemon/workers/privacy/ops.ts';
import { createPrivacyEngine } from '../../daemon/workers/privacy/engine.ts';
import { createWorker } from '../../daemon/workers/supervisor.ts';
import type { Worker, WorkerCallOptions } from '../../daemon/workers/worker.ts';
import type { EngineCall } from '../../daemon/workers/engine.ts';

/** The real worker, sealed and supervised. */
export function createPrivacyWorker(): Worker<PrivacyOps> {
  return createWorker<PrivacyOps>(describePrivacyWorker(60_000), {
    log: { info: () => undefined, warn: () => undefined },
  });
}

/** The real engine without the process around it; what goes in is a copy, as over the channel. */
export function createInProcessPrivacyWorker(): Pick<Worker<PrivacyOps>, 'call' | 'prepare'> {
  const { engine } = createPrivacyEngine();
  return {
    prepare: () => Promise.resolve(),
    call: async (op, params, options?: WorkerCallOptions<never>) => {
      const operation = engine[op] as (params: unknown, call: EngineCall<never>) => unknown;
      await Promise.resolve();
      return structuredClone(
        await operation(structuredClone(params), {
          signal: options?.signal ?? new AbortController().signal,
          chunk: () => undefined,
          progress: () => undefined,
        }),
      ) as never;
    },
  };
}
