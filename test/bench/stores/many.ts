import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openStore } from '../../../daemon/stores/database/opening.ts';
import type { StoreStart } from '../../../daemon/workers/store/ops.ts';
import { planLaunch } from '../../../daemon/workers/launch.ts';
import { createHome, startDaemonProcess } from '../../support/daemon-process.ts';
import { createSigningKey, manifest, writePackage } from '../../support/install-sample.ts';
import { openWire, type Wire } from '../../support/raw-client.ts';
import { cpuMs, median, rssMb, type Row } from '../measure.ts';
import { memoryOf, type Memory } from './memory.ts';

const APPS = 1000;
const OPEN = 100;
const STARTS = 3;
const STORE_MAIN = new URL('../../../daemon/dist/workers/store/main.js', import.meta.url);

/** What stores cost that nobody has opened, and what a hundred open ones do. */
export async function benchMany(): Promise<readonly Row[]> {
  return [...(await benchInstalledApps()), await benchOpenStores()];
}

/** Start and memory of a daemon beside a thousand stores on disk, also with their apps installed, and with nothing. */
async function benchInstalledApps(): Promise<readonly Row[]> {
  const homes = { empty: createHome(), stores: createHome(), apps: createHome() };
  try {
    await installApps(homes.apps);
    for (const home of [homes.stores, homes.apps]) copyStores(home);
    const without = await measureStarts(homes.empty);
    const count = APPS.toLocaleString('en');
    return [
      toStartRow(`${count} stores on disk, none open`, await measureStarts(homes.stores), without),
      toStartRow(`the same with their apps installed`, await measureStarts(homes.apps), without),
    ];
  } finally {
    for (const home of Object.values(homes)) rmSync(home, { recursive: true, force: true });
  }
}

function toStartRow(name: string, start: Start, without: Start): Row {
  return {
    name,
    ours: `${(start.rssMb - without.rssMb).toFixed(1)} MB and ${(start.cpuMs - without.cpuMs).toFixed(0)} ms of processor at start more, ready in ${start.readyMs.toFixed(0)} ms`,
    peer: `without: ${without.rssMb.toFixed(0)} MB, ready in ${without.readyMs.toFixed(0)} ms`,
    goal: 'nothing',
  };
}

async function installApps(home: string): Promise<void> {
  await using daemon = await startDaemonProcess({ home, fromBuild: true });
  const control = await openWire(daemon.controlSocket);
  const key = createSigningKey();
  await ask(control, 'trust.add', { name: 'bench', publicKeyPem: key.publicPem });
  for (let app = 0; app < APPS; app += 1) {
    const path = writePackage(manifest({ name: `app-${app}` }), key);
    const inspected = await ask(control, 'app.inspect', { path });
    const { consentDigest } = inspected['summary'] as { consentDigest: string };
    await ask(control, 'app.install', { path, consentDigest, acceptRisk: true });
    rmSync(path, { recursive: true });
  }
  control.end();
}

function copyStores(home: string): void {
  const { folder } = createStoreFolder(home);
  const stores = join(home, 'data/stores/acme');
  for (let app = 0; app < APPS; app += 1) {
    cpSync(folder, join(stores, `app-${app}`), { recursive: true });
  }
}

async function ask(wire: Wire, method: string, params: unknown): Promise<Record<string, unknown>> {
  const { result, error } = await wire.call(method, params);
  wire.received.length = 0;
  if (result === undefined) throw new Error(`${method}: ${error?.message ?? 'no answer'}`);
  return result;
}

interface Start {
  readonly readyMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
}

async function measureStarts(home: string): Promise<Start> {
  const starts: Start[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const startedAt = performance.now();
    await using daemon = await startDaemonProcess({ home, fromBuild: true });
    const readyMs = performance.now() - startedAt;
    starts.push({ readyMs, cpuMs: cpuMs(daemon.pid), rssMb: rssMb(daemon.pid) });
  }
  return {
    readyMs: median(starts.map((start) => start.readyMs)),
    cpuMs: median(starts.map((start) => start.cpuMs)),
    rssMb: median(starts.map((start) => start.rssMb)),
  };
}

/** A hundred store processes against as many that are sealed and loaded nothing. */
async function benchOpenStores(): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'locara-many-'));
  const children: ChildProcess[] = [];
  try {
    const floor = await startMany(children, folder, false);
    for (const child of children.splice(0)) child.kill('SIGKILL');
    const open = await startMany(children, folder, true);
    const more = (of: (memory: Memory) => number): string =>
      `${(median(open.map(of)) - median(floor.map(of))).toFixed(1)} MB`;
    return {
      name: `${OPEN} open stores, each beyond its process`,
      ours: `RSS ${more(({ rssMb: rss }) => rss)}, proportional ${more(({ pssMb }) => pssMb)}, its own ${more(({ ownMb }) => ownMb)}`,
      peer: `an empty sealed process: RSS ${median(floor.map(({ rssMb: rss }) => rss)).toFixed(0)} MB, own ${median(floor.map(({ ownMb }) => ownMb)).toFixed(0)} MB`,
      goal: '≤ 5 MB',
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startMany(
  children: ChildProcess[],
  folder: string,
  isOpened: boolean,
): Promise<Memory[]> {
  for (let index = 0; index < OPEN; index += 1) {
    const start = createStart(join(folder, `${isOpened ? 'open' : 'floor'}-${index}`));
    const child = startStoreProcess(start);
    children.push(child);
    await once(child, 'message');
    if (isOpened) {
      child.send({ type: 'start', start });
      await once(child, 'message');
      child.send({ type: 'call', id: 1, op: 'query', params: { sql: 'SELECT 1 AS x', limit: 1 } });
      await once(child, 'message');
    }
  }
  return children.map((child) => memoryOf(child.pid ?? 0));
}

function createStart(folder: string): StoreStart {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'store.db');
  return { path, keys: [randomBytes(32)], quotaBytes: 2 ** 30, generation: 0 };
}

function startStoreProcess(start: StoreStart): ChildProcess {
  const { execPath, execArgv, env } = planLaunch(
    { entry: STORE_MAIN, writableFolders: [dirname(start.path)] },
    {
      platform: process.platform,
      execPath: process.execPath,
      temporaryFolder: tmpdir(),
      resolvePath: (path) => path,
    },
  );
  return fork(STORE_MAIN, [], {
    execPath,
    execArgv: [...execArgv],
    env: { ...env },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** One store as it lies on disk. */
function createStoreFolder(home: string): { readonly folder: string } {
  const folder = join(home, 'one-store');
  openStore(createStart(folder)).database.close();
  return { folder };
}
