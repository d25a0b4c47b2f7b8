import type { Wire } from '../raw-client.ts';

/** A worker as `status.get` tells of it. */
export interface RunningWorker {
  readonly kind: string;
  readonly model: string;
  readonly pid: number;
  readonly state: string;
}

export async function listWorkers(control: Wire): Promise<readonly RunningWorker[]> {
  const { result } = await control.call('status.get');
  control.received.length = 0;
  return (result?.['workers'] as RunningWorker[]).filter(({ pid }) => pid > 0);
}

/** Kills the process of that model if it computes right now; whether it did. */
export async function killBusyWorker(control: Wire, model: string): Promise<boolean> {
  const workers = await listWorkers(control);
  const worker = workers.find((one) => one.model === model && one.state === 'busy');
  if (worker === undefined) return false;
  process.kill(worker.pid, 'SIGKILL');
  return true;
}
