import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CliError } from '../context.ts';
import { findDaemonProgram } from '../daemon-program.ts';
import type { Step } from './steps.ts';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

export interface StartedDaemon {
  readonly pid: number;
  /** Aborted once the daemon has ended, whoever ended it; the reason says how. */
  readonly ended: AbortSignal;
  /** Throws when the daemon had to be killed. */
  stop(): Promise<void>;
}

/** Starts a daemon of our own in a home folder, and waits until it accepts connections. */
export async function startDaemon(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<StartedDaemon> {
  // The pipe to its standard input closes with this process, even one that is killed.
  const child = spawn(process.execPath, [findDaemonProgram('locarad')], {
    env: { ...environment, LOCARA_STOP_WITH_STDIN: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new AbortController();
  child.once('exit', (code, by) => {
    ended.abort(new Error(`the daemon ended with ${describeEnd(code, by)}`));
  });
  const complaint = collectComplaint(child);
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const whileRunning = firstLine(child.stdout);
  const line = await killedOn(AbortSignal.any([signal, timeout]), { child, whileRunning });
  if (line?.startsWith('ready ') !== true) {
    await stopChild(child);
    const { message } = ended.signal.reason as Error;
    throw new Error(timeout.aborted ? 'the daemon did not start in time' : complaint() || message);
  }
  return { pid: child.pid ?? 0, ended: ended.signal, stop: () => stopChild(child) };
}

/** Runs the sample app as a process of its own; every step it reports is passed on. */
export async function runSampleAppProcess(
  environment: NodeJS.ProcessEnv,
  onStep: (step: Step) => void,
  signal: AbortSignal,
): Promise<{ readonly failure: string | undefined }> {
  const entry = new URL(`./sample-app-main${extname(import.meta.url)}`, import.meta.url);
  const args = [...process.execArgv, fileURLToPath(entry), assetsFolder()];
  const child = spawn(process.execPath, args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const complaint = collectComplaint(child);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const step = parseStep(line);
    if (step !== undefined) onStep(step);
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const [code, by] = await killedOn(signal, { child, whileRunning: closed });
  if (code === 0) return { failure: undefined };
  return { failure: `the sample app ended with ${describeEnd(code, by)} ${complaint()}`.trim() };
}

/** A line that was cut off when the app was killed is no step. */
function parseStep(line: string): Step | undefined {
  try {
    return JSON.parse(line) as Step;
  } catch {
    return undefined;
  }
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit code ${code ?? 1}` : `signal ${signal}`;
}

/** The last that a child says on stderr. */
function collectComplaint(child: ChildProcess): () => string {
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  return () => complaint.trim();
}

/** Kills the child when the signal aborts before `whileRunning` is settled. */
async function killedOn<T>(
  signal: AbortSignal,
  { child, whileRunning }: { readonly child: ChildProcess; readonly whileRunning: Promise<T> },
): Promise<T> {
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    return await whileRunning;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** The recordings and images of the quickstart, beside the sources. */
function assetsFolder(): string {
  const candidates = ['./assets', '../../quickstart/assets'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new CliError('Incomplete', 'The quickstart assets are missing');
  return found;
}

async function firstLine(output: Readable): Promise<string | undefined> {
  for await (const line of createInterface({ input: output })) return line;
  return undefined;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const stopped = await Promise.race([exited, wait(STOP_TIMEOUT_MS)]);
  if (stopped === undefined) {
    child.kill('SIGKILL');
    await exited;
    throw new Error('the daemon did not stop, and had to be killed');
  }
}

function wait(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref();
  });
}
