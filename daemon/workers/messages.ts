import type { ErrorReason, Progress } from '@locara/protocol';
import type { EngineDevice } from './device.ts';

/** The closed set of messages between the daemon and a worker, over the IPC channel of `fork` (structured clone). */
export type ToWorker =
  | { readonly type: 'start'; readonly start: unknown }
  | { readonly type: 'call'; readonly id: number; readonly op: string; readonly params: unknown }
  | { readonly type: 'cancel'; readonly id: number };

export type FromWorker =
  | { readonly type: 'sealed' }
  /** Loaded, and later whenever what it runs on changes. */
  | { readonly type: 'ready' | 'device'; readonly device: EngineDevice }
  | { readonly type: 'unsealed'; readonly message: string }
  | { readonly type: 'failed'; readonly error: WorkerError }
  | { readonly type: 'chunk'; readonly id: number; readonly chunk: unknown }
  | { readonly type: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WorkerError };

/** A failure as data: never a stack trace, never content. */
export interface WorkerError {
  readonly reason: ErrorReason;
  readonly message: string;
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
}

export type WorkerKind = 'llm' | 'speech' | 'ocr' | 'store' | 'verify' | 'privacy' | 'canary';
