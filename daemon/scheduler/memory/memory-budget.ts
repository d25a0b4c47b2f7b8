/** As the user set it. */
export interface MemorySettings {
  /** What all models together may take; a share of the machine where absent. */
  readonly limitBytes: number | undefined;
  /** More context than this no model gets. */
  readonly maxContextTokens: number | undefined;
  /** How long a model waits for busy ones to become idle. */
  readonly waitMs: number;
}

/** Decided once, at the start of the daemon. */
export interface MemoryBudget {
  /** The machine as models see it: a limit that the user set makes it smaller. */
  readonly machineBytes: number;
  readonly limitBytes: number;
  readonly reserveBytes: number;
  /** Of the keys and values of one model. */
  readonly contextBytes: number;
}

const MODELS_SHARE = 0.8;
const CONTEXT_SHARE = 0.25;
const RESERVE_SHARE = 0.05;
const MAX_RESERVE_BYTES = 2 ** 30;

export function createMemoryBudget(totalBytes: number, settings: MemorySettings): MemoryBudget {
  const limitBytes = Math.floor(
    Math.min(totalBytes * MODELS_SHARE, settings.limitBytes ?? Infinity),
  );
  return {
    machineBytes: Math.min(totalBytes, settings.limitBytes ?? Infinity),
    limitBytes,
    reserveBytes: Math.min(MAX_RESERVE_BYTES, Math.floor(totalBytes * RESERVE_SHARE)),
    contextBytes: Math.floor(limitBytes * CONTEXT_SHARE),
  };
}
