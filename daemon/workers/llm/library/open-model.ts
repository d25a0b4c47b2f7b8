import { RpcError } from '@locara/protocol/errors';
import type { Llama, LlamaModel } from 'node-llama-cpp';
import { getLlama, InsufficientMemoryError, LlamaLogLevel } from 'node-llama-cpp';

const GPU_NAMES = { metal: 'Metal', cuda: 'CUDA', vulkan: 'Vulkan' } as const;

/** What it computes on, for status. */
export function describeDevice(llama: Llama, threads: number): string {
  if (llama.gpu !== false) return GPU_NAMES[llama.gpu];
  return `CPU, ${threads} thread${threads === 1 ? '' : 's'}`;
}

/** Throws Unavailable when there is no engine for this machine. */
export async function openLlama(threads: number): Promise<Llama> {
  try {
    return await getLlama({
      gpu: process.platform === 'darwin' ? 'auto' : false,
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

/** Throws Unavailable or InsufficientResources. */
export async function loadModel(llama: Llama, modelPath: string): Promise<LlamaModel> {
  try {
    return await llama.loadModel({ modelPath });
  } catch (cause) {
    throw toStartError(cause, 'model_refused');
  }
}

/** Of a model or context that the engine refuses. */
export function toStartError(cause: unknown, rule: string): RpcError {
  if (cause instanceof InsufficientMemoryError) {
    return new RpcError('InsufficientResources', 'The model does not fit into memory.', { cause });
  }
  const message = 'The model file cannot be used; reinstall the model.';
  return new RpcError('Unavailable', message, { details: { rule }, cause });
}
