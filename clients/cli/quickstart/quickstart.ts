import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlClient, type ControlClient } from '@locara/client';
import { RpcError } from '@locara/protocol';
import { loadOrCreateDevelopmentKey, signPackage } from '../sign-package.ts';
import { type StartedDaemon, runSampleAppProcess, startDaemon } from './processes.ts';
import { CANARY, sampleManifest } from './sample-manifest.ts';
import { expectThat, runStep, type Step } from './steps.ts';

export interface QuickstartOptions {
  /** A home folder to use and keep; a fresh temporary one, removed afterwards, otherwise. */
  readonly home: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Aborting ends the quickstart early; it cleans up all the same. */
  readonly signal: AbortSignal;
  readonly onStep: (step: Step) => void;
}

const APP_TIMEOUT_MS = 300_000;

const APP_STEPS = [
  'authenticate',
  'chat',
  'embed',
  'transcribe',
  'ocr',
  'store',
  'search',
  'redact',
  'vault',
  'denied',
];

/** Shows the whole job in a home of its own, and stops everything it started. */
export async function runQuickstart(options: QuickstartOptions): Promise<readonly Step[]> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'locara-')));
  const steps: Step[] = [];
  const record = (step: Step): boolean => {
    steps.push(step);
    options.onStep(step);
    return step.ok;
  };
  const tour = new Tour(home, options);
  try {
    await tour.run(record);
  } finally {
    record(await runStep('stop', () => tour.stop()));
    if (options.home === undefined) await rm(home, { recursive: true, force: true });
  }
  return steps;
}

class Tour {
  readonly #home: string;
  readonly #environment: NodeJS.ProcessEnv;
  /** Aborted by the caller, or by the end of the daemon: no further step makes sense then. */
  #halt: AbortSignal;
  #daemon: StartedDaemon | undefined;
  #control: ControlClient | undefined;
  #credentials = '';

  constructor(home: string, options: Pick<QuickstartOptions, 'environment' | 'signal'>) {
    this.#home = home;
    this.#environment = { ...options.environment, LOCARA_HOME: home };
    this.#halt = options.signal;
  }

  async run(record: (step: Step) => boolean): Promise<void> {
    if (!record(await runStep('daemon', () => this.#start()))) return;
    if (!record(await this.#step('install', () => this.#install()))) return;
    await this.#runApp(record);
    record(await this.#step('encrypted', () => this.#checkEncryption()));
    record(await this.#step('forged', () => this.#forge()));
  }

  /** A step that fails as soon as there is no point in it any more. */
  #step(name: string, show: () => Promise<string>): Promise<Step> {
    return runStep(name, () => {
      this.#halt.throwIfAborted();
      const { promise, reject } = Promise.withResolvers<never>();
      this.#halt.addEventListener('abort', () => {
        reject(this.#halt.reason as Error);
      });
      return Promise.race([show(), promise]);
    });
  }

  async stop(): Promise<string> {
    await this.#control?.close();
    await this.#daemon?.stop();
    return 'the daemon and its workers have ended';
  }

  async #start(): Promise<string> {
    await mkdir(this.#home, { recursive: true, mode: 0o700 });
    this.#daemon = await startDaemon(this.#environment, this.#halt);
    this.#halt = AbortSignal.any([this.#halt, this.#daemon.ended]);
    this.#control = createControlClient({ socket: join(this.#home, 'run', 'control.sock') });
    return `locarad runs (pid ${this.#daemon.pid}) in ${this.#home}`;
  }

  get #controlClient(): ControlClient {
    if (this.#control === undefined) throw new Error('the daemon is not running');
    return this.#control;
  }

  /** Signs the sample with the development key of this home, and trusts that key here alone. */
  async #install(): Promise<string> {
    const control = this.#controlClient;
    const { models } = await control.call('models.list', {});
    const folder = await this.#writePackage('sample', sampleManifest(models));
    const { publicKeyPem } = await this.#sign(folder);
    await control.call('trust.add', { name: 'quickstart', publicKeyPem, scope: 'development' });
    const { summary } = await control.call('app.inspect', { path: folder });
    const installed = await control.call('app.install', {
      path: folder,
      consentDigest: summary.consentDigest,
      acceptRisk: true,
    });
    this.#credentials = installed.credentials;
    const granted = installed.grants.filter(({ state }) => state === 'granted');
    return `${installed.appId} signed, verified, granted ${granted.length} capabilities`;
  }

  async #runApp(record: (step: Step) => boolean): Promise<void> {
    const missing = new Set(APP_STEPS);
    const environment = { ...this.#environment, LOCARA_CREDENTIALS: this.#credentials };
    const onStep = (step: Step): void => {
      missing.delete(step.name);
      record(step);
    };
    const signal = AbortSignal.any([this.#halt, AbortSignal.timeout(APP_TIMEOUT_MS)]);
    const { failure } = await runSampleAppProcess(environment, onStep, signal);
    const cause = signal.aborted ? (signal.reason as Error).message : failure;
    for (const name of missing) {
      record({ name, ok: false, ms: 0, detail: cause ?? 'an earlier step failed' });
    }
  }

  async #checkEncryption(): Promise<string> {
    const stores = join(this.#home, 'data', 'stores');
    const entries = await readdir(stores, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile());
    let bytes = 0;
    for (const file of files) {
      const content = await readFile(join(file.parentPath, file.name));
      bytes += content.length;
      expectThat(!content.includes(CANARY), 'a document lies on the disk in the clear');
    }
    expectThat(bytes > 0, 'nothing was stored');
    return `${Math.round(bytes / 1024)} KiB in ${files.length} files, no word of the documents`;
  }

  /** The same package, one byte changed after it was signed. */
  async #forge(): Promise<string> {
    const control = this.#controlClient;
    const { models } = await control.call('models.list', {});
    const manifest = sampleManifest(models) as { version: string };
    const folder = await this.#writePackage('forged', manifest);
    await this.#sign(folder);
    await this.#writePackage('forged', { ...manifest, version: '1.0.1' });
    try {
      await control.call('app.inspect', { path: folder });
    } catch (error) {
      if (error instanceof RpcError && error.reason !== 'InternalError') return error.message;
      throw error;
    }
    throw new Error('the daemon accepted a manifest that was changed after signing');
  }

  async #writePackage(name: string, manifest: object): Promise<string> {
    const folder = join(this.#home, 'packages', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'locara.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    return folder;
  }

  async #sign(folder: string): Promise<{ readonly publicKeyPem: string }> {
    const keyPath = join(this.#home, 'config', 'development-key.pem');
    const key = await loadOrCreateDevelopmentKey(keyPath);
    return signPackage(folder, key);
  }
}
