import type { Finding } from '@locara/protocol';
import type { EngineSettings } from '../scheduler/engine-specs.ts';
import { readCores } from '../scheduler/threads/cores.ts';
import { chooseThreads, countThreads } from '../scheduler/threads/thread-policy.ts';
import { describeDevice } from '../workers/device.ts';
import { findGpuBuilds, isSafeFolder } from '../workers/llm/engine-packages.ts';
import { checkDecoders } from '../workers/speech/decoders.ts';
import type { WorkerStatus } from '../workers/worker.ts';

/** Cores and threads, read anew: the daemon itself goes by what it read when it started. */
export function examineThreads({ threads }: Pick<EngineSettings, 'threads'>): Finding[] {
  const cores = readCores();
  const { total, each, why } = chooseThreads({
    cores,
    platform: process.platform,
    setting: threads,
  });
  const counted =
    cores.source === 'topology'
      ? 'Cores that can run at once: physical ones of the fastest kind, as far as this process may use them.'
      : 'This system does not tell its cores apart: hyper-threads may be among them.';
  const isGreedy = threads !== undefined && total >= cores.count && total > 1;
  return [
    {
      id: 'cores',
      level: 'ok',
      title: `Engines can count on ${cores.count} ${cores.count === 1 ? 'core' : 'cores'} (${cores.logical} processors).`,
      detail: counted,
    },
    {
      id: 'threads',
      level: isGreedy ? 'warning' : 'ok',
      title: `One engine computes with at most ${countThreads(each)}, all of them together with ${total}.`,
      detail: `${why} Engines that compute at the same time share them, one each at least.`,
      ...(isGreedy
        ? {
            fix: `Unset LOCARA_THREADS, or set it to ${Math.max(1, cores.count - 1)}: with every core taken, another busy program slows the engines down many times.`,
          }
        : {}),
    },
  ];
}

/** Which devices are there to compute on, and what each loaded model runs on. */
export function examineEngines(
  { enginePackages }: Pick<EngineSettings, 'enginePackages'>,
  workers: readonly WorkerStatus[],
): Finding[] {
  const loaded = workers.filter(({ device }) => device !== undefined);
  return [
    examineDevices(enginePackages),
    ...(loaded.length === 0
      ? [{ id: 'engines', level: 'note', title: 'No model is loaded now.' } as const]
      : loaded.map(describeEngine)),
  ];
}

function describeEngine({ kind, model, device }: WorkerStatus): Finding {
  return {
    id: `engine:${model}`,
    level: 'ok',
    title: `${model} (${kind}) runs on ${device === undefined ? 'nothing' : describeDevice(device)}.`,
    ...(device === undefined ? {} : { detail: device.why }),
  };
}

const GPU_NAMES = { cuda: 'CUDA', vulkan: 'Vulkan' } as const;

function examineDevices(folder: string | undefined): Finding {
  const id = 'engine-packages';
  if (process.platform === 'darwin') {
    return { id, level: 'ok', title: 'Language and speech models compute on the GPU, by Metal.' };
  }
  if (folder === undefined) {
    const fix =
      'To use a GPU, set LOCARA_ENGINE_PACKAGES to a folder that holds @node-llama-cpp/linux-x64-cuda or -vulkan of the same version as node-llama-cpp.';
    return { id, level: 'note', title: 'All models compute on the processor.', fix };
  }
  const builds = findGpuBuilds(folder).map((gpu) => GPU_NAMES[gpu]);
  if (builds.length > 0) {
    const title = `LOCARA_ENGINE_PACKAGES holds GPU builds: ${builds.join(', ')}.`;
    const detail =
      'Whether one starts on this machine shows when a model is loaded: see what each runs on.';
    return { id, level: 'ok', title, detail };
  }
  return isSafeFolder(folder)
    ? {
        id,
        level: 'warning',
        title: 'LOCARA_ENGINE_PACKAGES holds no GPU build: all models compute on the processor.',
        fix: 'Put @node-llama-cpp/linux-x64-cuda or -vulkan there, as in a node_modules folder.',
      }
    : {
        id,
        level: 'warning',
        title: 'LOCARA_ENGINE_PACKAGES is not used: all models compute on the processor.',
        fix: 'Name a folder that exists and belongs to you or root. Nobody else may change it or its packages, and they must not be links: try chmod -R go-w.',
      };
}

/** Which recordings can be heard: each decoder is looked for. */
export function examineDecoders(): Finding {
  const decoders = checkDecoders();
  const names = (isThere: boolean): string =>
    decoders
      .filter((decoder) => decoder.isThere === isThere)
      .map(({ format }) => format)
      .join(', ');
  const missing = names(false);
  const title = `Audio that can be read: ${names(true)}.`;
  return missing === ''
    ? { id: 'audio-decoders', level: 'ok', title, detail: 'M4A, Opus and WebM cannot be read yet.' }
    : {
        id: 'audio-decoders',
        level: 'warning',
        title,
        detail: `The decoders for ${missing} are missing.`,
        fix: 'Install Locara again: its packages are not complete.',
      };
}
