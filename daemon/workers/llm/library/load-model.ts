import type { Llama, LlamaModel } from 'node-llama-cpp';
import { toStartError } from './start-errors.ts';

/** Throws Unavailable or InsufficientResources. */
export async function loadModel(llama: Llama, modelPath: string): Promise<LlamaModel> {
  try {
    return await llama.loadModel({ modelPath });
  } catch (cause) {
    throw toStartError(cause, 'model_refused');
  }
}
