export { CALLABLE_METHODS, createClient } from './client.ts';
export type {
  AnswerOf,
  CallableMethod,
  Client,
  ClientOptions,
  OptionsOf,
  Stub,
  Stubs,
} from './client.ts';
export { createControlClient } from './control-client.ts';
export type {
  ControlCallName,
  ControlClient,
  ControlClientOptions,
  ControlStubs,
} from './control-client.ts';
export type { BlobSource, UploadOptions } from './blobs.ts';
export type { CallOptions, StreamOptions } from './call.ts';
export type { Credentials } from './credentials.ts';
export { protectProcess } from './protect-process.ts';
export { ClientError } from './errors.ts';
export type { ClientErrorCode } from './errors.ts';
export type { EventMap, EventName } from './events.ts';
export type { Prove, Session } from './handshake.ts';
export type { StreamingCall } from './stream.ts';
export { fromWire, toWire } from './wire-values.ts';
export type { NativeValue } from './wire-values.ts';
export { RpcError } from '@locara/protocol';
export type {
  Chunk,
  Completion,
  ErrorReason,
  Filter,
  Message,
  NewRecord,
  ParamsInput,
  Progress,
  Result,
  SqlValue,
} from '@locara/protocol';
export * from './localmode/index.ts';
