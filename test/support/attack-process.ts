import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import type { WireMessage } from './raw-client.ts';

const CLIENTS = join(import.meta.dirname, '../fixtures/clients');

/** A program of test/fixtures/clients in a process of its own, which ends with the block that uses it. */
export interface AttackProcess extends Disposable {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The next line of JSON that it prints. */
  next(): Promise<unknown>;
  /** Lets a client go on that waits on descriptor 3, or on what became of it in a child. */
  go(): void;
}

/** What plain-client.mjs prints. */
export interface ProofOutcome {
  readonly answer: WireMessage;
  /** What a request sent before the challenge was told. */
  readonly early: WireMessage;
  readonly isDaemonProven: boolean;
}

export function startAttack(
  program: string,
  parameters: readonly string[],
  user: { readonly uid?: number; readonly gid?: number } = {},
): AttackProcess {
  const child = spawn(process.execPath, [join(CLIENTS, program), ...parameters], {
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    ...user,
  });
  // Standard input ends with this process; the leash stays with whoever inherits it.
  const leash = child.stdio[3] as Writable;
  if (child.stdout === null) throw new Error('it has no standard output');
  const words = createInterface({ input: child.stdout });
  const iterator = words[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    child,
    next: async () => {
      const step = await iterator.next();
      if (step.done === true) throw new Error(`${program} ended without a word`);
      return JSON.parse(step.value) as unknown;
    },
    go: () => {
      leash.write('\n');
    },
    [Symbol.dispose]: () => {
      child.stdin?.destroy();
      leash.destroy();
      child.kill('SIGKILL');
    },
  };
}

/** The check that the daemon's log names for a refusal. */
export function checkOf(logFile: string, answer: WireMessage): unknown {
  const errorId = answer.error?.data.errorId;
  if (errorId === undefined) throw new Error('that was no refusal');
  const lines = readFileSync(logFile, 'utf8').split('\n');
  const line = lines.find((text) => text.includes(errorId));
  return (JSON.parse(line ?? '{}') as { check?: unknown }).check;
}
