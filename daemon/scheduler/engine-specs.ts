import type { ReadyModel } from '../models/app-models.ts';
import type { LlmStart } from '../workers/llm/ops.ts';
import type { OcrStart } from '../workers/ocr/ops.ts';
import type { SpeechStart } from '../workers/speech/ops.ts';
import type { LlmPlan } from './memory/plan-model.ts';
import type { WorkerSpec } from '../workers/worker.ts';
import type { Cores } from './threads/cores.ts';
import { chooseThreads, type ThreadBudget } from './threads/thread-policy.ts';

export interface EngineSettings {
  readonly cores: Cores;
  /** As the user set it; else the policy decides. */
  readonly threads: number | undefined;
  /** A folder like node_modules with GPU builds, absolute. */
  readonly enginePackages: string | undefined;
  readonly idleMs: number;
  /** Texts that one language model writes side by side, where memory allows. */
  readonly llmSequences: number;
  /** The voice-activity model's file, among the files of every speech model. */
  readonly vadFile: string;
}

/** A piece of a prompt must be read to its end: seconds for a large model. A kill would take the calls beside it. */
const LLM_CANCEL_GRACE_MS = 30_000;

export function describeLlm(
  model: ReadyModel,
  settings: EngineSettings,
  { purpose, plan }: Pick<LlmPlan, 'purpose' | 'plan'>,
): WorkerSpec {
  const { enginePackages } = settings;
  const start: LlmStart = {
    modelPath: model.path(),
    purpose,
    ...plan,
    threads: threadBudget(settings).each,
    ...(enginePackages === undefined ? {} : { enginePackages }),
  };
  const spec: WorkerSpec = {
    ...sharedBy(model, settings),
    kind: 'llm',
    start,
    cancel: 'message',
    cancelGraceMs: LLM_CANCEL_GRACE_MS,
    startTimeoutMs: 120_000,
    // Embeddings of several calls are computed text by text in turn: a long list does not keep others waiting.
    maxConcurrent: settings.llmSequences,
  };
  if (purpose === 'embed') return spec;
  return { ...spec, maxConcurrent: plan.sequences, maxOvercommit: plan.sequences };
}

export function describeSpeech(model: ReadyModel, settings: EngineSettings): WorkerSpec {
  const start: SpeechStart = {
    modelPath: model.path(model.entry.files[0]?.name),
    vadModelPath: model.path(settings.vadFile),
    windowMs: model.entry.windowMs ?? 30_000,
    threads: threadBudget(settings).each,
  };
  return {
    ...sharedBy(model, settings),
    kind: 'speech',
    start,
    cancel: 'kill',
    cancelGraceMs: 0,
    startTimeoutMs: 60_000,
    maxConcurrent: 1,
  };
}

export function describeOcr(model: ReadyModel, settings: EngineSettings): WorkerSpec {
  const languages = model.entry.languages ?? [];
  const start: OcrStart = {
    languages: Object.fromEntries(
      languages.map((code) => [code, model.path(`${code}.traineddata`)]),
    ),
  };
  return {
    ...sharedBy(model, settings),
    kind: 'ocr',
    start,
    cancel: 'message',
    cancelGraceMs: 2000,
    startTimeoutMs: 60_000,
    maxConcurrent: 1,
  };
}

function sharedBy(model: ReadyModel, settings: EngineSettings) {
  return { model: model.entry.id, idleMs: settings.idleMs, maxQueued: 256 } as const;
}

export function threadBudget({ cores, threads }: EngineSettings): ThreadBudget {
  return chooseThreads({ cores, platform: process.platform, setting: threads });
}
