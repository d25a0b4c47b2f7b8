import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CliError } from '../context.ts';
import type { Step } from './steps.ts';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

export interface StartedDaemon {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a daemon of our own in a home folder, and waits until it accepts connections. */
export async function startDaemon(environment: NodeJS.ProcessEnv): Promise<StartedDaemon> {
  const child = spawn(process.execPath, [findDaemon()], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const ready = firstLine(child);
  const line = await Promise.race([ready, wait(START_TIMEOUT_MS)]);
  if (line?.startsWith('ready ') !== true) {
    child.kill('SIGKILL');
    throw new CliError('DaemonFailed', complaint.trim() || 'The daemon did not start in time');
  }
  return { pid: child.pid ?? 0, stop: () => stopChild(child) };
}

/** Runs the sample app as a process of its own; every step it reports is passed on. */
export async function runSampleAppProcess(
  environment: NodeJS.ProcessEnv,
  onStep: (step: Step) => void,
): Promise<{ readonly failure: string | undefined }> {
  const entry = new URL(`./sample-app-main${extname(import.meta.url)}`, import.meta.url);
  const args = [...process.execArgv, fileURLToPath(entry), assetsFolder()];
  const child = spawn(process.execPath, args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  for await (const line of createInterface({ input: child.stdout })) {
    onStep(JSON.parse(line) as Step);
  }
  const [code, signal] = await closed;
  if (code === 0) return { failure: undefined };
  const ending = signal === null ? `exit code ${code ?? 1}` : `signal ${signal}`;
  return { failure: `the sample app ended with ${ending} ${complaint.trim()}`.trim() };
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

function findDaemon(): string {
  const require = createRequire(import.meta.url);
  const file = '@locara/daemon/bin/locarad.js';
  const folders = require.resolve.paths(file) ?? [];
  const found = folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
  if (found === undefined) throw new CliError('Incomplete', 'The daemon is not installed');
  return found;
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface({ input: child.stdout })) return line;
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
  }
}

function wait(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref();
  });
}
