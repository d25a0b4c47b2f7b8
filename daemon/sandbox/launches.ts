import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Attestation, RpcError } from '@locara/protocol';
import { notInstalled, whyAbsent } from '../access/apps/absent-app.ts';
import type { AppProcesses } from '../access/app-processes.ts';
import type { AppRecord, AppRegistry } from '../access/apps/app-registry.ts';
import { findBlockRefusal } from '../access/trust/assert-not-blocked.ts';
import { type Blocks, toBlockSubject } from '../access/trust/blocks.ts';
import { attestationOf } from '../access/examine-claim.ts';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import { launchApp, type SandboxProcess } from './launch-app.ts';
import {
  type LaunchRequest,
  type PreparedLaunch,
  prepareLaunch,
  renderLaunchFile,
} from './prepare-launch.ts';
import { sandboxFilterFor } from './sandbox-filter.ts';

/** An app that runs in its sandbox. */
export interface Launch {
  /** Names it to whoever gives it input; not to be guessed. */
  readonly run: string;
  readonly appId: string;
  readonly attestation: Attestation;
  readonly sharedFolder: string | undefined;
  readonly sandbox: SandboxProcess;
}

/** The daemon's end of the channel of a launched app. */
export interface LaunchedChannel {
  readonly socket: Socket;
  readonly appId: string;
  readonly pid: number;
  readonly isRunning: () => boolean;
}

/** Every app that the daemon started itself. */
export interface Launches {
  /** Starts it; aborting kills it. Throws what stands in the way: never starts one outside a sandbox. */
  start(request: LaunchRequest, signal: AbortSignal): Promise<Launch>;
  find(run: string): Launch | undefined;
  /** Ends all launches of one app; resolves when nothing of them runs any more. */
  endApp(appId: string): Promise<void>;
  /** Ends all of them and starts no other. */
  close(): Promise<void>;
  /** Who serves the channels; must be told before the first start. */
  serveChannelsWith(serve: (channel: LaunchedChannel) => void): void;
}

export interface LaunchesOptions {
  readonly paths: Paths;
  readonly version: string;
  readonly bubblewrap: string | undefined;
  readonly registry: AppRegistry;
  readonly blocks: Blocks;
  readonly appProcesses: AppProcesses;
  readonly audit: Audit;
  readonly log: Pick<Log, 'info'>;
}

const MAX_LAUNCHES = 32;

export function createLaunches(options: LaunchesOptions): Launches {
  return new RunningLaunches(options);
}

class RunningLaunches implements Launches {
  readonly #options: LaunchesOptions;
  readonly #running = new Map<string, Launch>();
  #starting = 0;
  #isClosed = false;
  #serve: ((channel: LaunchedChannel) => void) | undefined;

  constructor(options: LaunchesOptions) {
    this.#options = options;
    const endThoseRefused = (): void => {
      for (const launch of this.#running.values()) this.#endIfRefused(launch);
    };
    options.registry.onChange(endThoseRefused);
    options.blocks.onChange(endThoseRefused);
  }

  async start(request: LaunchRequest, signal: AbortSignal): Promise<Launch> {
    assertLinux();
    if (this.#running.size + this.#starting >= MAX_LAUNCHES) throw busy();
    this.#findAllowed(request.appId);
    this.#starting += 1;
    try {
      const prepared = await prepareLaunch(request, this.#options);
      signal.throwIfAborted();
      return this.#launch(request.appId, prepared, signal);
    } finally {
      this.#starting -= 1;
    }
  }

  find(run: string): Launch | undefined {
    return this.#running.get(run);
  }

  async endApp(appId: string): Promise<void> {
    const reason = new RpcError('Cancelled', 'The app was removed.');
    await this.#end(
      [...this.#running.values()].filter((one) => one.appId === appId),
      reason,
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end([...this.#running.values()], stopping());
  }

  serveChannelsWith(serve: (channel: LaunchedChannel) => void): void {
    this.#serve = serve;
  }

  /** The app as it is now. Throws when it may not start. */
  #findAllowed(appId: string): AppRecord {
    if (this.#isClosed) throw stopping();
    const { registry, blocks } = this.#options;
    const record = registry.find(appId);
    if (record === undefined) throw whyAbsent(registry, appId);
    if (!registry.isIntact(appId)) throw changedOnDisk();
    const refusal = findRefusal(record, blocks);
    if (refusal !== undefined) throw refusal;
    return record;
  }

  /** In one turn of the loop: what is revoked later finds the launch on the list of those that run. */
  #launch(appId: string, prepared: PreparedLaunch, signal: AbortSignal): Launch {
    const { version } = this.#options;
    const record = this.#findAllowed(appId);
    const attestation = attestationOf(record, { appId });
    const description = renderLaunchFile(record, { attestation, version });
    const sandbox = launchApp({ ...prepared, description, filter: sandboxFilterFor(process.arch) });
    const { sharedFolder } = prepared;
    const launch: Launch = { run: randomUUID(), appId, attestation, sharedFolder, sandbox };
    this.#running.set(launch.run, launch);
    this.#watch(launch, signal);
    this.#options.audit.decide('app.launched', appId, {
      version: record.manifest.version,
      attestation,
    });
    this.#serve?.({
      socket: sandbox.channel,
      appId,
      pid: sandbox.pid,
      isRunning: () => sandbox.isRunning,
    });
    return launch;
  }

  /** Holds the process as an app, and lets go of everything when it ends. */
  #watch({ run, appId, attestation, sandbox }: Launch, signal: AbortSignal): void {
    const { appProcesses, log } = this.#options;
    const endHold = appProcesses.hold(sandbox.pid);
    const onAbort = (): void => {
      sandbox.kill(new RpcError('Cancelled', 'The call was cancelled.'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    void sandbox.exitCode
      .catch(() => undefined)
      .finally(() => {
        signal.removeEventListener('abort', onAbort);
        this.#running.delete(run);
        endHold();
        log.info('app.ended', { appId, peerPid: sandbox.pid });
      });
    log.info('app.launched', { appId, attestation, peerPid: sandbox.pid });
  }

  #endIfRefused({ appId, sandbox }: Launch): void {
    const record = this.#options.registry.find(appId);
    const refusal =
      record === undefined ? notInstalled() : findRefusal(record, this.#options.blocks);
    if (refusal !== undefined) sandbox.kill(refusal);
  }

  async #end(launches: readonly Launch[], reason: RpcError): Promise<void> {
    for (const { sandbox } of launches) sandbox.kill(reason);
    await Promise.allSettled(launches.map(({ sandbox }) => sandbox.exitCode));
  }
}

/** It could not authenticate anyway; here its user is told why. */
function changedOnDisk(): RpcError {
  const message =
    'A file of this app was changed since it was installed, so that it may not run: install it again.';
  return new RpcError('Unavailable', message, { details: { rule: 'app_changed_on_disk' } });
}

function findRefusal(record: AppRecord, blocks: Blocks): RpcError | undefined {
  if (record.revoked) {
    return new RpcError('Unavailable', 'You have revoked this app: it may not run.', {
      details: { rule: 'app_revoked' },
    });
  }
  return findBlockRefusal(blocks, toBlockSubject(record));
}

function assertLinux(): void {
  if (process.platform === 'linux') return;
  throw new RpcError(
    'Unavailable',
    'On macOS apps run by themselves, under their own code signature: open the app as any other.',
    { details: { rule: 'not_on_this_system' } },
  );
}

function busy(): RpcError {
  return new RpcError('Busy', 'Too many launched apps run already.', {
    details: { retryAfterMs: 1000 },
  });
}

function stopping(): RpcError {
  return new RpcError('Unavailable', 'The daemon is stopping.', {
    retryable: true,
    details: { state: 'draining' },
  });
}
