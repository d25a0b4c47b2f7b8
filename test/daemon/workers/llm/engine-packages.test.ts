import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createEngines } from '../../../../daemon/scheduler/create-engines.ts';
import { createMachineMemory } from '../../../../daemon/scheduler/memory/machine-memory.ts';
import { createMemoryBudget } from '../../../../daemon/scheduler/memory/memory-budget.ts';
import { describeDevice } from '../../../../daemon/workers/device.ts';
import { findGpuBuilds, isSafeFolder } from '../../../../daemon/workers/llm/engine-packages.ts';
import { silentLog } from '../../../fakes/silent-log.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';

function folderWith(...names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'engine-packages-'));
  for (const name of names) {
    const dist = join(folder, '@node-llama-cpp', name, 'dist');
    mkdirSync(dist, { recursive: true, mode: 0o755 });
    const packageJson = join(folder, '@node-llama-cpp', name, 'package.json');
    writeFileSync(packageJson, '{"type":"module"}', { mode: 0o644 });
    writeFileSync(
      join(dist, 'index.js'),
      "export const getBinsDir = () => ({ binsDir: '/nonexistent', packageVersion: '0.0.1' });",
      { mode: 0o644 },
    );
  }
  return folder;
}

test('the builds of a folder are named, the faster first', () => {
  expect(findGpuBuilds(folderWith('linux-x64-vulkan', 'linux-x64-cuda', 'linux-x64'))).toEqual([
    'cuda',
    'vulkan',
  ]);
  expect(findGpuBuilds(folderWith())).toEqual([]);
});

test('a folder that others can change is not used', () => {
  const folder = folderWith('linux-x64-cuda');
  expect(isSafeFolder(folder)).toBe(true);
  chmodSync(folder, 0o777);
  expect(isSafeFolder(folder)).toBe(false);
  expect(findGpuBuilds(folder)).toEqual([]);
});

const PACKAGE = '@node-llama-cpp/linux-x64-cuda';

test.each([
  ['the folder of all packages', '@node-llama-cpp', 0o775],
  ['a package', PACKAGE, 0o777],
  ['a folder of a package', `${PACKAGE}/dist`, 0o757],
  ['the program of a package', `${PACKAGE}/dist/index.js`, 0o646],
  ['a file of a package', `${PACKAGE}/package.json`, 0o664],
])('builds are not used when others can change %s', (_name, path, mode) => {
  const folder = folderWith('linux-x64-cuda', 'linux-x64-vulkan');
  expect(isSafeFolder(folder)).toBe(true);
  chmodSync(join(folder, path), mode);
  expect(isSafeFolder(folder)).toBe(false);
  expect(findGpuBuilds(folder)).toEqual([]);
});

test.each(['@node-llama-cpp', PACKAGE, `${PACKAGE}/dist`])(
  'builds are not used when %s cannot be looked at',
  async (path) => {
    const folder = folderWith('linux-x64-cuda');
    await asOrdinaryUser(folder, () => {
      expect(isSafeFolder(folder)).toBe(true);
    });
    chmodSync(join(folder, path), 0o000);
    await asOrdinaryUser(folder, () => {
      expect(isSafeFolder(folder)).toBe(false);
      expect(findGpuBuilds(folder)).toEqual([]);
    });
  },
);

test.runIf(process.getuid?.() === 0)('builds of another user are not used', () => {
  const folder = folderWith('linux-x64-cuda');
  chownSync(join(folder, PACKAGE, 'dist', 'index.js'), 12_345, 12_345);
  expect(findGpuBuilds(folder)).toEqual([]);
});

test('packages that are never loaded may be as they like', () => {
  const folder = folderWith('linux-x64-cuda', 'linux-x64');
  chmodSync(join(folder, '@node-llama-cpp', 'linux-x64'), 0o777);
  expect(findGpuBuilds(folder)).toEqual(['cuda']);
});

test.each(['/tmp', '../other', '..', './dist/index.js'])(
  'a package with a link to %s is not used',
  (target) => {
    const folder = folderWith('linux-x64-cuda');
    symlinkSync(target, join(folder, PACKAGE, 'link'));
    expect(findGpuBuilds(folder)).toEqual([]);
  },
);

test('a library may be linked to its version', () => {
  const folder = folderWith('linux-x64-cuda');
  symlinkSync('index.js', join(folder, PACKAGE, 'dist', 'index.1.js'));
  expect(findGpuBuilds(folder)).toEqual(['cuda']);
});

test.each(['@node-llama-cpp', PACKAGE])('%s as a link is not used', (path) => {
  const folder = folderWith('linux-x64-cuda');
  renameSync(join(folder, path), join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(folder, path));
  expect(findGpuBuilds(folder)).toEqual([]);
});

test('a package with more files than can be looked at is not used', () => {
  const folder = folderWith('linux-x64-cuda');
  for (let at = 0; at < 2048; at++) writeFileSync(join(folder, PACKAGE, String(at)), '');
  expect(findGpuBuilds(folder)).toEqual([]);
});

test('a folder that is not there is not used', () => {
  expect(isSafeFolder('/nonexistent')).toBe(false);
  expect(findGpuBuilds('/nonexistent')).toEqual([]);
});

test('the library finds the builds of the folder under the names of its packages', async () => {
  const hooks = new URL('../../../../daemon/workers/llm/engine-packages.ts', import.meta.url);
  const program = `
    const { takeEnginePackages } = await import(${JSON.stringify(hooks.href)});
    takeEnginePackages(${JSON.stringify(folderWith('linux-x64-cuda'))});
    const { getBinsDir } = await import('@node-llama-cpp/linux-x64-cuda');
    const processor = await import('@node-llama-cpp/linux-x64').catch(() => undefined);
    console.log(getBinsDir().packageVersion, processor?.getBinsDir().packageVersion !== '0.0.1');`;
  const argv = ['--conditions=locara-source', '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, argv, {
    cwd: import.meta.dirname,
  });
  expect(stdout).toBe('0.0.1 true\n');
});

test.runIf(process.platform === 'linux').each([
  ['without a folder', undefined, 'No GPU build is set up'],
  ['with an empty one', folderWith(), 'holds no GPU build for this machine'],
  [
    'with a build that does not start',
    folderWith('linux-x64-cuda'),
    'The CUDA build in LOCARA_ENGINE_PACKAGES did not start',
  ],
  [
    'with one that is not there',
    '/nonexistent',
    'must be a folder that only you or root can change',
  ],
])('a sealed worker %s computes on the processor, and says why', async (_name, folder, why) => {
  const path = unpackEmbeddedModel('stories-260k');
  const machine = createMachineMemory();
  const memory = { limitBytes: undefined, maxContextTokens: undefined, waitMs: 1000 };
  const engines = createEngines({
    log: silentLog,
    memory,
    machine,
    budget: createMemoryBudget(machine.totalBytes, memory),
    settings: {
      cores: { count: 2, logical: 2, source: 'topology' },
      threads: 1,
      enginePackages: folder,
      idleMs: 60_000,
      llmSequences: 1,
      vadFile: 'vad',
    },
  });
  try {
    const worker = engines.llm({
      entry: { id: 'story', task: 'text-to-text', description: '', license: '', files: [] },
      digest: `sha256:${'0'.repeat(64)}`,
      path: () => path,
      verify: () => Promise.resolve(),
    });
    await worker.call('countTokens', { input: { prompt: 'Once' } }, { app: 'acme/notes' });
    const { device } = worker.status();
    expect(device === undefined ? '' : describeDevice(device)).toBe('CPU, 1 thread');
    expect(device?.why).toContain(why);
    expect(device?.why).toMatch(/LOCARA_THREADS allows 1 thread\.$/);
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(engines.statusFor(digest, 'acme/notes')).toMatchObject({
      state: 'ready',
      contextTokens: expect.any(Number) as number,
      sequences: 1,
    });
    expect(engines.statusFor(digest, 'acme/other')).toBeUndefined();
  } finally {
    await engines.close();
  }
});
