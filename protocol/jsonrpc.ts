import type { WireError } from './errors.ts';

export type RequestId = string | number;

/** A JSON-RPC 2.0 request as it arrives: `params` is an object or absent. */
export interface RpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface RpcNotification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export type RpcResponse =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RequestId | null; readonly error: WireError };

/** Stages of a call, in the order they can occur. */
export const PROGRESS_STAGES = [
  'queued',
  'downloading',
  'verifying',
  'loading',
  'prefill',
  'running',
] as const;
export type ProgressStage = (typeof PROGRESS_STAGES)[number];

export interface Progress {
  readonly stage: ProgressStage;
  readonly completed?: number;
  readonly total?: number;
  readonly unit?: string;
  readonly queuePosition?: number;
}

/** Notifications that are not methods. */
export const NOTICES = {
  cancel: '$/cancel',
  chunk: '$/chunk',
  progress: '$/progress',
  draining: 'daemon.draining',
  grantsChanged: 'grants.changed',
  modelsChanged: 'models.changed',
  sessionEnded: 'session.ended',
  storeFilling: 'store.filling',
} as const;
