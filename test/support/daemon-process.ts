import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');

/** A real locarad process in a throw-away home. */
export interface DaemonProcess extends AsyncDisposable {
  readonly home: string;
  readonly pid: number;
  readonly child: ChildProcess;
  readonly appSocket: string;
  readonly controlSocket: string;
  readonly readyLine: string;
  readonly logFile: string;
  stop(): Promise<number | null>;
}

export interface DaemonOptions {
  readonly home?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** A command that the daemon's own command line is appended to, as `prlimit …`. */
  readonly wrapper?: readonly string[];
  /** The built daemon, as users run it, instead of the sources. */
  readonly fromBuild?: boolean;
  /** The root of another installation than this one, as one with more models. */
  readonly installation?: string;
}

export function createHome(): string {
  return mkdtempSync(join(tmpdir(), 'locara-t-'));
}

/** Starts locarad from its sources and waits for its ready line. */
export async function startDaemonProcess(options: DaemonOptions = {}): Promise<DaemonProcess> {
  const home = options.home ?? createHome();
  const child = spawnDaemon(home, options);
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const readyLine = await firstLine(child);
  if (readyLine === undefined) throw new Error(`the daemon did not start: ${complaint}`);
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    }
    return child.exitCode;
  };
  return {
    home,
    pid: child.pid ?? 0,
    child,
    readyLine,
    appSocket: join(home, 'run/app.sock'),
    controlSocket: join(home, 'run/control.sock'),
    logFile: join(home, 'logs/locarad.log'),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      if (options.home === undefined) rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The same process without waiting, for starts that must fail. */
export function spawnDaemon(home: string, options: DaemonOptions = {}): ChildProcess {
  const root = options.installation ?? ROOT;
  const command = [
    ...(options.wrapper ?? []),
    process.execPath,
    ...(options.fromBuild === true
      ? [join(root, 'daemon/dist/main.js')]
      : ['--conditions=locara-source', join(root, 'daemon/main.ts')]),
  ];
  return spawn(command[0] ?? '', command.slice(1), {
    env: { ...process.env, ...options.environment, LOCARA_HOME: home, LOCARA_THREADS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The exit code and complaint of a daemon that refuses to start. */
export async function failedStart(
  home: string,
  options: DaemonOptions = {},
): Promise<{ code: number | null; complaint: string }> {
  const child = spawnDaemon(home, options);
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, complaint };
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface({ input: child.stdout })) return line;
  return undefined;
}
