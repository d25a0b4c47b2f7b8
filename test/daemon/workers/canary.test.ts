import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CatalogEntry, checkManifest } from '@locara/protocol';
import type { ReadyModel } from '../../../daemon/models/app-models.ts';
import {
  describeLlm,
  describeOcr,
  describeSpeech,
  type EngineSettings,
} from '../../../daemon/scheduler/engine-specs.ts';
import { createPrivateFolder } from '../../../daemon/files/durable-files.ts';
import { createAppStores } from '../../../daemon/stores/app-stores.ts';
import type { CanaryOps, CanaryTargets, Exit } from '../../../daemon/workers/canary/ops.ts';
import { createWorker } from '../../../daemon/workers/supervisor.ts';
import type { StoreOps } from '../../../daemon/workers/store/ops.ts';
import type { WorkerSpec } from '../../../daemon/workers/worker.ts';
import { createScriptedWorker } from '../../fakes/scripted-worker.ts';
import { silentLog } from '../../fakes/silent-log.ts';
import { makeCustody } from '../../support/key-custody.ts';
import { createManifest } from '../../support/signed-package.ts';
import { canRestrictFiles } from '../../support/landlock.ts';
import { createPaths } from '../../support/home-paths.ts';

const CONTROL = new URL('../../fakes/unsealed-canary.ts', import.meta.url);
const ABSTRACT = `locara-canary-${process.pid}`;

let arrivals = 0;
const servers: Server[] = [];
const udp = createSocket('udp4', () => {
  arrivals += 1;
});
let targets: CanaryTargets;
let folder: string;

async function listen(at: string | number): Promise<Server> {
  const server = createServer((socket) => {
    arrivals += 1;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
  });
  servers.push(server);
  if (typeof at === 'number') server.listen(at, '127.0.0.1');
  else server.listen(at);
  await once(server, 'listening');
  return server;
}

beforeAll(async () => {
  // Outside the system's temporary folder, which a worker may write to on macOS.
  folder = mkdtempSync(join(import.meta.dirname, '.canary-'));
  const unixPath = join(mkdtempSync(join(tmpdir(), 'canary-')), 's');
  const filePath = join(folder, 'file');
  writeFileSync(filePath, '');
  const tcp = await listen(0);
  await listen(unixPath);
  await listen(`\0${ABSTRACT}`);
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  targets = {
    tcpPort: (tcp.address() as AddressInfo).port,
    udpPort: udp.address().port,
    unixPath,
    abstractName: ABSTRACT,
    filePath,
    pid: process.pid,
  };
});

afterAll(() => {
  for (const server of servers) server.close();
  udp.close();
  rmSync(folder, { recursive: true });
});

const SETTINGS: EngineSettings = {
  cores: { count: 2, logical: 2, source: 'topology' },
  threads: 1,
  enginePackages: undefined,
  idleMs: 60_000,
  llmSequences: 1,
  vadFile: 'vad',
};

const planFor = (purpose: 'generate' | 'embed') =>
  ({ purpose, plan: { contextTokens: 512, sequences: 1 } }) as const;

/** A model that no file stands for: the canary reads none. */
function modelFor(task: CatalogEntry['task']): ReadyModel {
  const entry = { id: task, task, description: '', license: '', files: [] };
  return {
    entry,
    digest: `sha256:${'0'.repeat(64)}`,
    path: () => '/nonexistent',
    verify: () => Promise.resolve(),
  };
}

/** The store's launch, as the daemon plans it; the folder is the only one it may change. */
function describeStore(home: string): WorkerSpec {
  const specs: WorkerSpec[] = [];
  const paths = createPaths(home);
  const stores = createAppStores({
    paths,
    keys: makeCustody(paths).storeKeys,
    log: silentLog,
    createStoreWorker: (spec) => {
      specs.push(spec);
      return createScriptedWorker<StoreOps>(() => Promise.resolve());
    },
  });
  const { manifest } = checkManifest(createManifest());
  if (manifest === undefined) throw new Error('the test manifest is not valid');
  stores.forApp({ appId: 'acme/notes', manifest });
  const [spec] = specs;
  if (spec === undefined) throw new Error('no store was started');
  for (const folder of spec.writableFolders ?? []) createPrivateFolder(folder);
  return spec;
}

test.each<[string, () => WorkerSpec]>([
  ['llm', () => describeLlm(modelFor('text-to-text'), SETTINGS, planFor('generate'))],
  ['embedding', () => describeLlm(modelFor('text-to-embedding'), SETTINGS, planFor('embed'))],
  ['speech', () => describeSpeech(modelFor('speech-to-text'), SETTINGS)],
  ['ocr', () => describeOcr(modelFor('image-to-text'), SETTINGS)],
  ['store', () => describeStore(join(folder, 'home'))],
])('a worker launched as the %s worker is finds no way out', async (_, describe) => {
  const spec = { ...describe(), kind: 'canary', start: {} } as const;
  const worker = createWorker<CanaryOps>(spec, { log: silentLog });
  arrivals = 0;
  try {
    const { exits } = await worker.call('escape', targets);
    const open = exits.filter((exit) => !exit.isBlocked).map((exit) => exit.way);
    expect(open).toEqual(canRestrictFiles() ? [] : ['file write']);
    expect(exits.length).toBeGreaterThanOrEqual(14);
    expect(arrivals).toBe(0);
  } finally {
    await worker.close();
  }
});

test('the same program without the seal finds every way open, so the proof above proves something', async () => {
  const child = fork(CONTROL, { execArgv: ['--conditions=locara-source'] });
  try {
    child.send(targets);
    const [exits] = (await once(child, 'message')) as [readonly Exit[]];
    const open = exits.filter((exit) => !exit.isBlocked).map((exit) => exit.way);
    expect(open).toEqual(
      expect.arrayContaining([
        'tcp',
        'listen',
        'udp',
        'dns',
        'unix socket',
        ...(process.platform === 'linux'
          ? ['abstract socket', 'syscall socket', 'syscall socketpair']
          : []),
        'fetch',
        'worker thread',
        'child process',
        'child process, sync',
        'own runtime',
        'file write',
        'signal to another process',
      ]),
    );
    expect(arrivals).toBeGreaterThanOrEqual(6);
    expect(readFileSync(targets.filePath, 'utf8')).toBe('x');
  } finally {
    child.kill();
  }
});
