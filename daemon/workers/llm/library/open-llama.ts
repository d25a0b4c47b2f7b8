import { RpcError } from '@locara/protocol/errors';
import { getLlama, type Llama, LlamaLogLevel } from 'node-llama-cpp';
import type { EngineDevice } from '../../device.ts';
import { findGpuBuilds, isSafeFolder, type LinuxGpu } from '../engine-packages.ts';

export interface OpenedLlama {
  readonly llama: Llama;
  readonly device: EngineDevice;
}

export interface OpenOptions {
  readonly threads: number;
  readonly enginePackages?: string;
}

const GPU_NAMES = { metal: 'Metal', cuda: 'CUDA', vulkan: 'Vulkan' } as const;
const MAX_NAME_CHARS = 80;

/**
 * Opens the engine on the best device whose build is there: Metal on macOS; elsewhere a GPU build of the user's
 * own folder, else the processor. `why` says which, and what was tried. Throws Unavailable without any binary.
 */
export async function openLlama({ threads, enginePackages }: OpenOptions): Promise<OpenedLlama> {
  if (process.platform === 'darwin') return openOnMac(threads);
  const failed: LinuxGpu[] = [];
  for (const gpu of enginePackages === undefined ? [] : findGpuBuilds(enginePackages)) {
    const opened = await tryGpu(gpu, threads);
    if (opened !== undefined) return opened;
    failed.push(gpu);
  }
  const llama = await open(false, threads);
  return { llama, device: { device: 'CPU', threads, why: whyProcessor(enginePackages, failed) } };
}

async function openOnMac(threads: number): Promise<OpenedLlama> {
  const llama = await open('auto', threads);
  const device: EngineDevice =
    llama.gpu === false
      ? { device: 'CPU', threads, why: 'The engine has no GPU build for this Mac.' }
      : {
          device: GPU_NAMES[llama.gpu],
          ...(await nameOf(llama)),
          threads,
          why: 'Metal is the default on macOS.',
        };
  return { llama, device };
}

/** Undefined when the build does not load, or sees no GPU. */
async function tryGpu(gpu: LinuxGpu, threads: number): Promise<OpenedLlama | undefined> {
  const llama = await open(gpu, threads).catch(() => undefined);
  if (llama === undefined) return undefined;
  const name = await nameOf(llama);
  if (name.detail === undefined) {
    await llama.dispose();
    return undefined;
  }
  const why = `LOCARA_ENGINE_PACKAGES has a ${GPU_NAMES[gpu]} build, and it found a GPU.`;
  return { llama, device: { device: GPU_NAMES[gpu], ...name, threads, why } };
}

async function nameOf(llama: Llama): Promise<{ readonly detail?: string }> {
  const [name] = await llama.getGpuDeviceNames().catch(() => []);
  return name === undefined ? {} : { detail: name.slice(0, MAX_NAME_CHARS) };
}

function whyProcessor(folder: string | undefined, failed: readonly LinuxGpu[]): string {
  if (folder === undefined) return 'No GPU build is set up (LOCARA_ENGINE_PACKAGES).';
  if (!isSafeFolder(folder)) {
    return 'LOCARA_ENGINE_PACKAGES is not used: it must be a folder that only you or root can change, with all that is in it.';
  }
  if (failed.length === 0) return 'LOCARA_ENGINE_PACKAGES holds no GPU build for this machine.';
  const names = failed.map((gpu) => GPU_NAMES[gpu]).join(' and ');
  return `The ${names} build in LOCARA_ENGINE_PACKAGES did not start: its version must be the engine's, its driver installed and its GPU visible.`;
}

async function open(gpu: LinuxGpu | 'auto' | false, threads: number): Promise<Llama> {
  try {
    return await getLlama({
      gpu,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.disabled,
      maxThreads: threads,
    });
  } catch (cause) {
    throw new RpcError('Unavailable', 'The inference engine has no binary for this machine.', {
      details: { rule: 'engine_missing' },
      cause,
    });
  }
}
