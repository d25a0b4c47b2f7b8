import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { registrations } from '../../clients/cli/commands/index.ts';
import { runCli } from '../../clients/cli/frame.ts';
import type { Registration } from '../../clients/cli/frame.ts';
import { FakeDaemon } from '../fakes/fake-daemon.ts';
import type { FakeHandler } from '../fakes/fake-daemon.ts';

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly home?: string;
  /** What a person types; streams are terminals then. */
  readonly answers?: string;
  readonly isTerminal?: boolean;
  /** How wide that terminal is; else it does not say. */
  readonly columns?: number;
  readonly registrations?: readonly Registration[];
}

/** One `locara` command in this process, on streams of its own. */
export async function locara(
  argv: readonly string[],
  { home = '/nowhere', answers, ...options }: CliOptions = {},
): Promise<CliResult> {
  const isTTY = options.isTerminal ?? answers !== undefined;
  const stream = () => Object.assign(new PassThrough(), { isTTY });
  const streams = {
    stdin: stream(),
    stdout: stream(),
    stderr: Object.assign(stream(), sizeOf(options)),
  };
  if (answers !== undefined) streams.stdin.write(answers);
  if (!isTTY) streams.stdin.end();
  const exitCode = await runCli({
    argv,
    environment: { LOCARA_HOME: home },
    streams,
    signals: new EventEmitter(),
    registrations: options.registrations ?? registrations,
    version: '9.9.9',
  });
  streams.stdout.end();
  streams.stderr.end();
  return { exitCode, stdout: await text(streams.stdout), stderr: await text(streams.stderr) };
}

function sizeOf({ columns }: CliOptions): { readonly columns?: number } {
  return columns === undefined ? {} : { columns };
}

/** A home whose control socket is served by a fake daemon. */
export class ControlHome implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), 'locara-home-'));
  readonly daemon: FakeDaemon;

  private constructor(handlers: Record<string, FakeHandler>) {
    mkdirSync(join(this.home, 'run'));
    const socket = join(this.home, 'run', 'control.sock');
    this.daemon = new FakeDaemon({ handlers, socket });
  }

  static async start(handlers: Record<string, FakeHandler>): Promise<ControlHome> {
    const home = new ControlHome(handlers);
    await home.daemon.listen();
    return home;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    rmSync(this.home, { recursive: true, force: true });
  }
}
