import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  type ControlChunk,
  type ControlParams,
  type ControlResult,
  RpcError,
} from '@locara/protocol';
import type { AuditLog } from '../../audit/audit.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';
import type { AppStores } from '../../stores/app-stores.ts';
import { toFill } from '../../stores/filling/watch-filling.ts';
import { commandFor } from '../../stores/processes/store-trouble.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import { describeSharing } from '../describe-sharing.ts';
import { findKeptStore, findOwner, type KeptStoresDeps, USER } from './kept-stores.ts';

const COUNT_BUDGET_MS = 60_000;
/** Of copying and checking all of a store. */
const COPY_BUDGET_MS = 30 * 60_000;
const PIECE_BUDGET_MS = 60_000;
const KEY_BYTES = 32;

export type StoreExportHandlers = Pick<ControlHandlers<'store'>, 'store.show' | 'store.export'>;

export interface StoreExportOptions extends KeptStoresDeps {
  readonly audit: Pick<AuditLog, 'decide' | 'settle' | 'usageOf'>;
}

/** The user's own view of an app's data, and the way out of it, whatever became of the app. */
export function createStoreExportHandlers(options: StoreExportOptions): StoreExportHandlers {
  return {
    'store.show': ({ appId }) => showStore(options, appId),
    'store.export': (params, { signal }) => exportStore(options, params, signal),
  };
}

type Params = ControlParams<'store.export'>;
type View = ControlResult<'store.show'>;

async function showStore(options: StoreExportOptions, appId: string): Promise<View> {
  const { stores, audit } = options;
  const { state, quotaBytes } = findOwner(options, appId);
  const disk = stores.diskUse(appId);
  const contents = await readContents(stores, appId, quotaBytes);
  const used =
    'contents' in contents ? contents.contents.usedBytes : disk.databaseBytes + disk.logBytes;
  const uses = [...audit.usageOf(appId)].flatMap(([capability, { lastUsedAt }]) =>
    capability.startsWith('store:') && lastUsedAt !== undefined ? [lastUsedAt] : [],
  );
  const lastUsedAt = uses.sort().at(-1);
  return {
    appId,
    state,
    disk,
    quotaBytes,
    percent: toFill(used, quotaBytes).percent,
    encryption: { cipher: 'SQLCipher 4 (AES-256-CBC, HMAC-SHA512, a random key)' },
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    ...contents,
    sharing: describeSharing(options, appId),
  };
}

type Read = { readonly contents: NonNullable<View['contents']> } | Pick<View, 'problem'>;

/** A store that does not open is shown all the same: what it takes, and why nothing more can be told. */
async function readContents(stores: AppStores, id: string, quotaBytes: number): Promise<Read> {
  try {
    const worker = stores.openForUser(id, quotaBytes);
    if (worker === undefined) return {};
    const options = { app: USER, timeoutMs: COUNT_BUDGET_MS };
    return { contents: await worker.call('describeContents', {}, options) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { reason, message } = error;
    const command = commandFor(error, id);
    return { problem: { reason, message, ...(command === undefined ? {} : { command }) } };
  }
}

/** Ends with the call, however that ends; the copy it sends is gone then. */
async function* exportStore(
  options: StoreExportOptions,
  { appId, format, collection }: Params,
  signal: AbortSignal,
): AsyncGenerator<ControlChunk<'store.export'>, ControlResult<'store.export'>, void> {
  const { audit } = options;
  const worker = findKeptStore(options, { appId, collection }).open();
  audit.decide('store.exported', appId, {
    format,
    ...(collection === undefined ? {} : { collection }),
  });
  await audit.settle();
  const id = randomUUID();
  const key = randomBytes(KEY_BYTES);
  const sha256 = createHash('sha256');
  let bytes = 0;
  try {
    const start = { id, form: format, key };
    const { totalBytes } = await worker.call('beginExport', start, {
      app: USER,
      signal,
      timeoutMs: COPY_BUDGET_MS,
    });
    for (;;) {
      const { piece, isLast, unreadable } = await readPiece(worker, id);
      sha256.update(piece);
      bytes += piece.length;
      const total = totalBytes === undefined ? {} : { totalBytes };
      if (piece.length > 0) yield { piece: Buffer.from(piece).toString('base64'), ...total };
      signal.throwIfAborted();
      if (!isLast) continue;
      return {
        bytes,
        sha256: sha256.digest('hex'),
        ...(format === 'sqlcipher' ? { key: key.toString('hex') } : {}),
        unreadable: [...unreadable],
      };
    }
  } finally {
    // A store that was closed or wiped meanwhile has no copy any more.
    await worker.call('endExport', { id }, { app: USER }).catch(() => undefined);
  }
}

async function readPiece(
  worker: Worker<StoreOps>,
  id: string,
): Promise<StoreOps['readExport']['result']> {
  try {
    return await worker.call('readExport', { id }, { app: USER, timeoutMs: PIECE_BUDGET_MS });
  } catch (error) {
    if (!(error instanceof RpcError) || error.reason !== 'NotFound') throw error;
    const message =
      'The store was closed while it was exported: try again, or first stop the app (locara app revoke).';
    throw new RpcError('WorkerCrashed', message, { cause: error });
  }
}
