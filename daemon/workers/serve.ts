import { RpcError } from '@locara/protocol/errors';
import { type Engine, type EngineCall, LOAD, type LoadedEngine } from './engine.ts';
import type { FromWorker, ToWorker, WorkerError } from './messages.ts';
import { sealProcess } from './seal/seal.ts';
import type { SealReport } from './seal/settings.ts';

const EXIT_UNSEALED = 77;
const EXIT_NOT_LOADED = 78;

/**
 * Turns this process into a worker: seals it, says so, waits for `start`, loads the engine and runs calls
 * until the daemon goes away. `load` must import the engine dynamically, so that nothing of it runs unsealed.
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what the daemon sends as `start` is what `load` takes
export function serveWorker<Start, Ops>(
  host: NodeJS.Process,
  load: (start: Start, seal: SealReport) => Promise<LoadedEngine<Ops>>,
): void {
  host.once('disconnect', () => host.exit(0));
  // The terminal's Ctrl-C reaches every process; the daemon alone decides when its workers end.
  host.on('SIGINT', () => undefined);
  const send = (message: FromWorker): void => {
    if (host.connected) host.send?.(message, () => undefined);
  };
  let seal: SealReport;
  try {
    seal = sealProcess(host);
  } catch (error) {
    exitAfter(host, { type: 'unsealed', message: describe(error) }, EXIT_UNSEALED);
    return;
  }
  const running = new Map<number, AbortController>();
  let engine: Promise<Engine<Ops>> | undefined;
  host.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'start':
        engine ??= load(message.start as Start, seal).then((loaded) => {
          send({ type: 'ready', device: loaded.device });
          loaded.watchDevice?.((device) => {
            send({ type: 'device', device });
          });
          return loaded.engine;
        });
        engine.catch((error: unknown) => {
          exitAfter(host, { type: 'failed', error: toWorkerError(error) }, EXIT_NOT_LOADED);
        });
        return;
      case 'call':
        void runCall({ engine, running, send }, message);
        return;
      case 'cancel':
        running.get(message.id)?.abort();
    }
  });
  send({ type: 'sealed' });
}

interface CallContext<Ops> {
  readonly engine: Promise<Engine<Ops>> | undefined;
  readonly running: Map<number, AbortController>;
  readonly send: (message: FromWorker) => void;
}

type AnyOperation = (params: unknown, call: EngineCall<unknown>) => unknown;

/** Runs one call and sends what comes of it. */
async function runCall<Ops>(
  { engine, running, send }: CallContext<Ops>,
  { id, op, params }: Extract<ToWorker, { type: 'call' }>,
): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const loaded = await engine;
    if (op === LOAD && loaded !== undefined) {
      send({ type: 'result', id, result: undefined });
      return;
    }
    const operation = operationOf(loaded, op);
    const result = await operation(params, {
      signal: abort.signal,
      chunk: (chunk) => {
        send({ type: 'chunk', id, chunk });
      },
      progress: (progress) => {
        send({ type: 'progress', id, progress });
      },
    });
    send({ type: 'result', id, result });
  } catch (error) {
    send({ type: 'error', id, error: toWorkerError(error) });
  } finally {
    running.delete(id);
  }
}

function operationOf(engine: object | undefined, op: string): AnyOperation {
  const operation: unknown =
    engine !== undefined && Object.hasOwn(engine, op) ? Reflect.get(engine, op) : undefined;
  if (typeof operation !== 'function') throw new Error('no such operation');
  return (params, call) => Reflect.apply(operation, engine, [params, call]) as unknown;
}

function exitAfter(host: NodeJS.Process, message: FromWorker, code: number): void {
  const exit = (): void => {
    host.exit(code);
  };
  if (host.connected && host.send !== undefined) host.send(message, exit);
  else exit();
}

/** An RpcError as data; of any other error nothing is told, for its text may hold content. */
function toWorkerError(error: unknown): WorkerError {
  if (!(error instanceof RpcError)) {
    return { reason: 'InternalError', message: 'The engine failed.' };
  }
  const { reason, message, retryable, details } = error;
  return { reason, message, retryable, ...(details === undefined ? {} : { details }) };
}

/** Why the seal failed, in this project's own words: what the system says may name folders of the user. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
