import type { CallQueue } from './call-queue.ts';
import type { CrashRecord } from './crash-record.ts';
import type { Pace } from './pace.ts';
import type { PendingCall } from './pending-call.ts';
import type { WorkerDependencies } from './worker-dependencies.ts';
import { crashError, crashLoopError, startError } from './worker-error.ts';
import type { ProcessExit } from './worker-process.ts';
import type { WorkerSpec } from './worker.ts';

export interface EndedCallsSite {
  readonly spec: WorkerSpec;
  readonly log: WorkerDependencies['log'];
  readonly queue: CallQueue;
  readonly pace: Pace;
  readonly crashes: CrashRecord;
}

const MAX_RERUNS = 3;

/** What becomes of calls that get no result from the process they ran in, or waited for. */
export class EndedCalls {
  readonly #site: EndedCallsSite;

  constructor(site: EndedCallsSite) {
    this.#site = site;
  }

  /** After the end of a process: `running` is what ran in it, and runs no more. */
  processEnded(running: readonly PendingCall[], exit: ProcessExit): void {
    const { kind, model } = this.#site.spec;
    const { pid, end, wasReady, code, signal } = exit;
    const fields = {
      kind,
      model,
      workerPid: pid,
      reason: end.cause,
      code: code ?? undefined,
      signal: signal ?? undefined,
    };
    if (end.cause === 'ended') {
      this.#site.log.info('worker.ended', fields);
      this.#rerun(running);
    } else {
      this.#site.log.warn(wasReady ? 'worker.died' : 'worker.startFailed', fields);
      this.#crashed(running, exit);
    }
  }

  /** It is charged for as long as it ran, at the pace of the others. */
  fail(call: PendingCall, error: unknown): void {
    const { pace, queue } = this.#site;
    queue.settle(call, pace.costOf({ cost: call.cost, durationMs: call.runningMs }));
    call.reject(error);
  }

  rejectWaiting(error: unknown): void {
    for (const call of this.#site.queue.takeAll()) call.reject(error);
  }

  #crashed(running: readonly PendingCall[], { end, wasReady, signal }: ProcessExit): void {
    const { spec, crashes } = this.#site;
    for (const call of running) this.fail(call, crashError());
    if (!wasReady) this.rejectWaiting(startError(end, spec.startTimeoutMs));
    // An engine that says why it cannot start has not crashed: its reason is answered every time.
    if (!wasReady && end.cause === 'failed') return;
    crashes.crashed({ running, isKilled: signal === 'SIGKILL' });
    this.#rejectQuarantined();
  }

  #rejectQuarantined(): void {
    const { spec, log, queue, crashes } = this.#site;
    const quarantine = crashes.worst();
    if (quarantine === undefined) return;
    const { kind, model } = spec;
    const { crashes: attempt, remainingMs: durationMs } = quarantine;
    log.warn('worker.quarantined', { kind, model, attempt, durationMs });
    for (const call of queue.inOrder()) {
      const refusal = crashes.refusal(call);
      if (refusal === undefined) continue;
      queue.remove(call);
      call.reject(crashLoopError(refusal));
    }
  }

  /** Calls that shared a process with one that had to be killed: run again where nobody can tell. */
  #rerun(running: readonly PendingCall[]): void {
    const canRunAgain = (call: PendingCall): boolean =>
      this.#site.spec.cancel === 'kill' && !call.hasSentChunk && call.reruns < MAX_RERUNS;
    const again = running.filter((call) => !call.isSettled && canRunAgain(call));
    for (const call of running) {
      if (again.includes(call)) {
        call.suspend();
        call.reruns += 1;
      } else this.fail(call, crashError());
    }
    this.#site.queue.restore(again);
  }
}
