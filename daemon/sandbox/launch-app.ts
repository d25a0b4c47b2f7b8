import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { type AppSignal, RpcError } from '@locara/protocol';
import { keepDescriptors } from './keep-descriptors.ts';
import { limitProcess } from './limit-process.ts';
import { mergeOutput, type Output } from './merge-output.ts';
import { SANDBOX_FDS } from './plan-sandbox.ts';

export interface LaunchOptions {
  /** The sandbox program. */
  readonly path: string;
  readonly argv: readonly string[];
  /** The text of the description file inside. */
  readonly description: string;
  /** The seccomp program. */
  readonly filter: Uint8Array;
}

/** A sandbox and everything that runs in it. */
export interface SandboxProcess {
  readonly pid: number;
  /** This end of the app's descriptor 3. */
  readonly channel: Socket;
  readonly isRunning: boolean;
  /** Resolves with the exit code of the command, 128 and more for a signal; rejects with why it was killed. */
  readonly exitCode: Promise<number>;
  output(): AsyncGenerator<Output>;
  /** Resolves when the command may be given more; false once it reads no more. */
  write(bytes: Uint8Array): Promise<boolean>;
  endInput(): void;
  /** Passes it on to the command and what shares its group, as a terminal does. */
  signal(name: AppSignal): void;
  /** Ends every process inside at once; the first reason counts. */
  kill(reason: RpcError): void;
}

/** Starts the sandbox program. Throws Unavailable when it cannot be started. */
export function launchApp(options: LaunchOptions): SandboxProcess {
  keepDescriptors();
  const child = spawn(options.path, [...options.argv], {
    // Descriptor by descriptor as SANDBOX_FDS has them; Node's pipes are socket pairs, which go both ways.
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: {},
    cwd: '/',
  });
  child.on('error', () => undefined);
  if (child.pid === undefined) throw notStarted();
  const sandbox = new RunningSandbox(child, child.pid);
  sandbox.give(SANDBOX_FDS.description, options.description);
  sandbox.give(SANDBOX_FDS.filter, options.filter);
  sandbox.startWithinLimits();
  return sandbox;
}

interface StandardStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

function streamsOf({ stdin, stdout, stderr }: ChildProcess): StandardStreams {
  if (stdin === null || stdout === null || stderr === null) throw notStarted();
  return { stdin, stdout, stderr };
}

/** How long making a sandbox may take when it is to be killed. */
const START_MS = 2000;

class RunningSandbox implements SandboxProcess {
  readonly pid: number;
  readonly exitCode: Promise<number>;
  readonly #child: ChildProcess;
  readonly #streams: StandardStreams;
  readonly #status: StatusReader;
  #killedFor: RpcError | undefined;

  constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.#streams = streamsOf(child);
    this.pid = pid;
    this.#status = new StatusReader(child.stdio[SANDBOX_FDS.status] as unknown as Readable);
    this.#stdin.on('error', () => undefined);
    this.channel.on('error', () => undefined);
    this.exitCode = this.#readExitCode();
    // Whoever started it may leave before it ends.
    this.exitCode.catch(() => undefined);
  }

  get channel(): Socket {
    return this.#child.stdio[SANDBOX_FDS.channel] as Socket;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get #stdin(): Writable {
    return this.#streams.stdin;
  }

  give(fd: number, content: string | Uint8Array): void {
    const stream = this.#child.stdio[fd] as Writable;
    stream.on('error', () => undefined);
    stream.end(content);
  }

  /** The command waits until its sandbox has its bounds; without them it never starts. */
  startWithinLimits(): void {
    void this.#status.started.then(() => {
      const inner = this.#status.firstInside;
      if (inner === undefined) return;
      try {
        limitProcess(inner);
      } catch {
        this.kill(
          new RpcError('Unavailable', 'The sandbox could not be given its limits.', {
            details: { rule: 'sandbox_failed' },
          }),
        );
        return;
      }
      this.give(SANDBOX_FDS.start, 'start');
    });
  }

  output(): AsyncGenerator<Output> {
    return mergeOutput(this.#streams.stdout, this.#streams.stderr);
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    const stdin = this.#stdin;
    if (!stdin.writable) return false;
    if (!stdin.write(bytes)) {
      const closed = new Promise((resolve) => stdin.once('close', resolve));
      await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), closed]);
    }
    return stdin.writable;
  }

  endInput(): void {
    this.#stdin.end();
  }

  signal(name: AppSignal): void {
    const inner = this.#status.firstInside;
    // The first process inside leads the group, and the kernel spares it what it does not handle itself.
    if (this.isRunning && inner !== undefined && sendSignal(-inner, name)) return;
    this.kill(new RpcError('Cancelled', 'The app was ended before it had started.'));
  }

  kill(reason: RpcError): void {
    if (this.#killedFor !== undefined || !this.isRunning) return;
    this.#killedFor = reason;
    // Until the first process inside has asked to die with its parent, killing the parent would let it go on.
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), START_MS).unref();
    void this.#status.started.then(() => {
      clearTimeout(patience);
      const inner = this.#status.firstInside;
      if (this.isRunning && inner !== undefined) sendSignal(inner, 'SIGKILL');
      this.#child.kill('SIGKILL');
    });
  }

  async #readExitCode(): Promise<number> {
    const [, signal] = (await once(this.#child, 'exit')) as [number | null, NodeJS.Signals | null];
    await this.#status.ended;
    if (this.#killedFor !== undefined) throw this.#killedFor;
    if (this.#status.exitCode !== undefined) return this.#status.exitCode;
    if (signal !== null) return 128 + constants.signals[signal];
    throw new RpcError(
      'Unavailable',
      'The sandbox could not be made; what bubblewrap says of it is above.',
      { details: { rule: 'sandbox_failed' } },
    );
  }
}

const MAX_STATUS_LENGTH = 4096;

/** What the sandbox program tells of itself: JSON documents, one a line. */
class StatusReader {
  /** Settles when the first process inside exists, or never will. */
  readonly started: Promise<void>;
  readonly ended: Promise<void>;
  firstInside: number | undefined;
  exitCode: number | undefined;
  #text = '';

  constructor(stream: Readable) {
    const started = Promise.withResolvers<undefined>();
    const ended = Promise.withResolvers<undefined>();
    this.started = started.promise;
    this.ended = ended.promise;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this.#text = (this.#text + text).slice(0, MAX_STATUS_LENGTH);
      this.firstInside = this.#find('child-pid');
      this.exitCode = this.#find('exit-code');
      if (this.firstInside !== undefined) started.resolve(undefined);
    });
    stream.on('error', () => undefined);
    stream.on('close', () => {
      started.resolve(undefined);
      ended.resolve(undefined);
    });
  }

  #find(name: string): number | undefined {
    const digits = new RegExp(`"${name}": (\\d+)[^0-9]`).exec(this.#text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  }
}

/** False when there is no such process, or group where the number is negative, any more or yet. */
function sendSignal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function notStarted(): RpcError {
  return new RpcError('Unavailable', 'The sandbox program cannot be started.', {
    details: { rule: 'sandbox_failed' },
  });
}
