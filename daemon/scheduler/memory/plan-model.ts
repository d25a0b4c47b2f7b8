import type { ReadyModel } from '../../models/app-models.ts';
import { checkGguf } from '../../workers/llm/gguf/gguf-check.ts';
import { type ContextPlan, contextTierTokens, planContext } from './context-plan.ts';
import { estimateLlmMemory } from './llm-memory.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** How a language model is loaded on this machine, the same at every load and for every app. */
export interface LlmPlan {
  readonly purpose: 'generate' | 'embed';
  readonly plan: ContextPlan;
  /** What its worker takes. */
  readonly bytes: number;
}

/** What machine and settings leave to every language model. */
export interface LlmLimits {
  readonly budget: MemoryBudget;
  readonly maxContextTokens: number | undefined;
  readonly maxSequences: number;
}

/** Runtime and engine, and what they make of each byte of the model's files: measured, rounded up. */
const SPEECH = { processBytes: 140e6, perFileByte: 1.6 };
const OCR = { processBytes: 220e6, perFileByte: 6 };

/** Reads the header of the model's file, and loads nothing. Throws Unavailable when the file is unsound. */
export function planLlm(model: ReadyModel, limits: LlmLimits): LlmPlan {
  const { contextTokens, isCausal, shape } = checkGguf(model.path());
  const purpose = model.entry.task === 'text-to-embedding' ? 'embed' : 'generate';
  const estimate = (plan: ContextPlan) => estimateLlmMemory(shape, { purpose, isCausal, ...plan });
  const { budget } = limits;
  const plan = planContext(
    {
      trainedTokens: Math.min(contextTokens, model.entry.contextTokens ?? Infinity),
      maxTokens: maxContextTokens(limits),
      maxSequences: purpose === 'embed' ? 1 : limits.maxSequences,
    },
    (candidate) => {
      const { contextBytes, totalBytes } = estimate(candidate);
      return contextBytes <= budget.contextBytes && totalBytes <= budget.limitBytes;
    },
  );
  return { purpose, plan, bytes: Math.ceil(estimate(plan).totalBytes) };
}

/** No model gets more context than this here. */
export function maxContextTokens({ budget, maxContextTokens: cap }: LlmLimits): number {
  return Math.min(contextTierTokens(budget.machineBytes), cap ?? Infinity);
}

export function estimateSpeech(model: ReadyModel): number {
  return estimateFiles(model, SPEECH);
}

export function estimateOcr(model: ReadyModel): number {
  return estimateFiles(model, OCR);
}

function estimateFiles(
  { entry }: ReadyModel,
  { processBytes, perFileByte }: { readonly processBytes: number; readonly perFileByte: number },
): number {
  const fileBytes = entry.files.reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.ceil(processBytes + fileBytes * perFileByte);
}
