import {
  type EnvelopeV2,
  EnvelopeV2 as EnvelopeShape,
  parseUnknown,
  RpcError,
} from '@locara/protocol';
import type { Audit } from '../audit/audit.ts';
import type { RunningPipeline } from '../privacy/pipeline/pipeline.ts';
import type { Keystore } from '../privacy/vault/keystore/keystore.ts';
import type { ValueCipher } from '../privacy/vault/value-cipher.ts';
import type { SessionCall } from '../rpc/handler.ts';
import { beginTurns } from '../turns.ts';
import type { UpsertRecord } from '../workers/store/ops/collection-ops.ts';

/** Of a record's metadata: what was sealed of it, in the place of its text and its other fields. */
const SEALED_FIELD = '$vault';
/** Of each envelope another one: whoever replaces a sealed record says by it which one was read. */
const CIPHERTEXT_PATH = [SEALED_FIELD, 'envelope', 'ciphertext'];

type Fields = Readonly<Record<string, unknown>>;

const TAG_BYTES = 16;
/** What an envelope is beside its ciphertext, with the longest name of a database. */
const FRAME_BYTES = 1024;

/** What of a record can be sealed. */
export interface SealableRecord {
  readonly id: string;
  readonly text?: string | undefined;
  readonly metadata?: Fields | undefined;
}

/** Why a record is handed out as it is stored. */
export interface SealedMark {
  readonly database: string;
  /** Nobody unlocked the database in this session; its key is gone; or it is not what was sealed. */
  readonly reason: 'locked' | 'no_key' | 'damaged';
}

interface Sealed {
  readonly database: string;
  readonly envelope: EnvelopeV2;
}

/** Seals text and metadata; `keep` names the fields that stay readable. It opens as this record of this collection alone. */
export async function sealRecord<R extends SealableRecord>(
  record: R,
  {
    collection,
    database,
    keep,
    seal,
  }: {
    readonly collection: string;
    readonly database: string;
    readonly keep: readonly string[];
    readonly seal: NonNullable<RunningPipeline['seal']>;
  },
): Promise<R> {
  const { id, metadata = {} } = record;
  const value = toPlain(record);
  const envelope = await seal({ type: 'json', value }, placeOf(collection, id));
  const kept = keep.filter((field) => field !== SEALED_FIELD && Object.hasOwn(metadata, field));
  return {
    ...record,
    text: undefined,
    metadata: {
      ...Object.fromEntries(kept.map((field) => [field, metadata[field]])),
      [SEALED_FIELD]: { database, envelope },
    },
  };
}

/** The text and metadata that were sealed. Throws Conflict (`rule: sealed`) when they do not open. */
function openRecord<R extends SealableRecord>(
  record: R,
  {
    collection,
    envelope,
    cipher,
  }: { readonly collection: string; readonly envelope: EnvelopeV2; readonly cipher: ValueCipher },
): R {
  const { value } = cipher.open(envelope, placeOf(collection, record.id));
  const opened = { ...record, ...(value as Pick<SealableRecord, 'text' | 'metadata'>) };
  // Of a record without any, what stands there is the envelope.
  if (opened.metadata === record.metadata) Reflect.deleteProperty(opened, 'metadata');
  return opened;
}

/** For a write that is to happen only where this record is still stored as it was sealed. */
export function ifStillSealedAs(envelope: EnvelopeV2): NonNullable<UpsertRecord['ifStill']> {
  return { path: CIPHERTEXT_PATH, text: envelope.ciphertext };
}

/** How large the metadata is, about, that a record is stored with once it is sealed. */
export function estimateSealedBytes(record: SealableRecord, keep: readonly string[]): number {
  const kept = Object.entries(record.metadata ?? {}).filter(([name]) => keep.includes(name));
  const plainBytes = bytesOf(toPlain(record));
  return (
    Math.ceil((plainBytes + TAG_BYTES) / 3) * 4 + bytesOf(Object.fromEntries(kept)) + FRAME_BYTES
  );
}

function toPlain({ text, metadata }: SealableRecord): Pick<SealableRecord, 'text' | 'metadata'> {
  return {
    ...(text === undefined ? {} : { text }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** What was sealed of a record; undefined of one that is plain. */
export function sealedPartOf({ metadata }: SealableRecord): Sealed | undefined {
  const sealed = metadata?.[SEALED_FIELD];
  if (typeof sealed !== 'object' || sealed === null) return undefined;
  const { database, envelope } = sealed as Fields;
  const parsed = parseUnknown(EnvelopeShape, envelope);
  return typeof database === 'string' && parsed.success
    ? { database, envelope: parsed.data }
    : undefined;
}

/** Who reads records of which collection. */
interface Reading {
  readonly privacy: {
    readonly keystore: Pick<Keystore, 'cipherOf' | 'getMetadata'>;
    readonly audit: Pick<Audit, 'effect'>;
  };
  readonly call: SessionCall;
  readonly method: string;
  readonly collection: string;
}

/** Opens what this session has the keys for, and counts it in the audit log; the rest says why it is sealed. */
export async function openRecords<R extends SealableRecord>(
  records: readonly R[],
  { privacy, call, method, collection }: Reading,
): Promise<(R & { sealed?: SealedMark })[]> {
  const ciphers = new Map<string, ValueCipher | SealedMark['reason']>();
  const turns = beginTurns();
  const read: (R & { sealed?: SealedMark })[] = [];
  let values = 0;
  for (const record of records) {
    const sealed = sealedPartOf(record);
    if (sealed === undefined) {
      read.push(record);
      continue;
    }
    if (turns.areOver()) await turns.next();
    call.signal.throwIfAborted();
    const { database, envelope } = sealed;
    const name = JSON.stringify([database, envelope.keyId]);
    const cipher = ciphers.get(name) ?? (await findCipher({ privacy, call }, sealed));
    ciphers.set(name, cipher);
    const opened =
      typeof cipher === 'string' ? cipher : tryOpen(record, { collection, envelope, cipher });
    if (typeof opened !== 'string') values += 1;
    read.push(
      typeof opened === 'string' ? markSealed(record, { database, reason: opened }) : opened,
    );
  }
  const { appId } = call.session;
  if (values > 0) privacy.audit.effect({ appId, method, step: 'decrypt', counts: { values } });
  return read;
}

/** A key that was deleted is gone, whatever is called by its name now. */
async function findCipher(
  { privacy: { keystore }, call: { session } }: Pick<Reading, 'privacy' | 'call'>,
  { database, envelope }: Sealed,
): Promise<ValueCipher | SealedMark['reason']> {
  const known = await keystore.getMetadata(session.appId, database);
  if (known?.keyId !== envelope.keyId) return 'no_key';
  return keystore.cipherOf(session, database, 'open').catch(toReason);
}

/** Or why it does not open. */
export function tryOpen<R extends SealableRecord>(
  record: R,
  how: Parameters<typeof openRecord>[1],
): R | SealedMark['reason'] {
  try {
    return openRecord(record, how);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return error.details?.['rule'] === 'vault_locked' ? 'locked' : 'damaged';
  }
}

function markSealed<R extends SealableRecord>(
  record: R,
  sealed: SealedMark,
): R & { sealed: SealedMark } {
  const readable = Object.entries(record.metadata ?? {}).filter(([name]) => name !== SEALED_FIELD);
  return { ...record, metadata: Object.fromEntries(readable), sealed };
}

function toReason(error: unknown): SealedMark['reason'] {
  if (!(error instanceof RpcError)) throw error;
  if (error.reason === 'NotFound') return 'no_key';
  if (error.reason === 'Conflict') return 'locked';
  throw error;
}

function placeOf(collection: string, record: string) {
  return { purpose: 'collections', field: collection, record };
}
