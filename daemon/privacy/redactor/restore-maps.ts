import { randomUUID } from 'node:crypto';
import { RpcError } from '@locara/protocol';
import type { PrivacyCall } from '../privacy-call.ts';
import type { PlaceholderPair } from '../redaction/redaction-ops.ts';
import {
  openPlaceholderBook,
  type PlaceholderBook,
} from '../redaction/replacement/placeholder-book.ts';
import { createTaskQueue } from '../../task-queue.ts';

/** What one app may have kept, in all its sessions. */
export interface RestoreLimits {
  readonly maxMaps: number;
  readonly maxBytes: number;
}

const LIMITS: RestoreLimits = { maxMaps: 256, maxBytes: 16 * 1024 * 1024 };
/** What a pair takes beside its letters. */
const PAIR_BYTES = 160;
const MAP_BYTES = 1024;

/** What the placeholders of one redaction, and of those that went on with it, stand for. In memory alone. */
export interface RestoreMap {
  readonly id: string;
  /** Whoever gives out placeholders does so while nobody else does. */
  exclusively<Result>(task: () => Promise<Result>): Promise<Result>;
  pairs(): PlaceholderPair[];
  originalOf(placeholder: string): string | undefined;
  /** Throws PayloadTooLarge where they are more than an app may have kept. */
  add(pairs: readonly PlaceholderPair[]): void;
  /** Goes on from what the map has. What it issues has to be added. */
  book(): PlaceholderBook;
}

export interface RestoreMaps {
  /** A new one, or the one of this session by that id. Throws NotFound. */
  open(session: PrivacyCall['session'], restoreId?: string): RestoreMap;
  /** Throws NotFound for what this session does not hold. */
  find(session: string, restoreId: string): RestoreMap;
  forget(session: string, restoreId: string): boolean;
  forgetSession(session: string): void;
}

interface Kept {
  readonly map: RestoreMap;
  readonly session: string;
  readonly appId: string;
  bytes: number;
}

/** Of each app so many maps, and of so many bytes: to make room its oldest ones go. */
export function createRestoreMaps(limits: RestoreLimits = LIMITS): RestoreMaps {
  /** The one used last comes last. */
  const kept = new Map<string, Kept>();
  const makeRoom = (appId: string, spared: string): void => {
    const ofApp = [...kept].filter(([, one]) => one.appId === appId);
    let bytes = ofApp.reduce((sum, [, one]) => sum + one.bytes, 0);
    let maps = ofApp.length;
    for (const [id, one] of ofApp) {
      if (bytes <= limits.maxBytes && maps <= limits.maxMaps) return;
      if (id === spared) continue;
      kept.delete(id);
      bytes -= one.bytes;
      maps -= 1;
    }
  };
  const find = (session: string, id: string): Kept => {
    const found = kept.get(id);
    if (found?.session !== session) throw notFound();
    kept.delete(id);
    kept.set(id, found);
    return found;
  };
  const create = ({ id: session, appId }: PrivacyCall['session']): RestoreMap => {
    const id = randomUUID();
    const claim = (bytes: number): void => {
      if (one.bytes + bytes > limits.maxBytes) throw tooLarge(limits.maxBytes);
      one.bytes += bytes;
      if (kept.has(id)) makeRoom(appId, id);
    };
    const one: Kept = { map: createRestoreMap(id, claim), session, appId, bytes: MAP_BYTES };
    kept.set(id, one);
    makeRoom(appId, id);
    return one.map;
  };
  return {
    open: (session, restoreId) =>
      restoreId === undefined ? create(session) : find(session.id, restoreId).map,
    find: (session, restoreId) => find(session, restoreId).map,
    forget: (session, restoreId) =>
      kept.get(restoreId)?.session === session && kept.delete(restoreId),
    forgetSession: (session) => {
      for (const [id, one] of kept) if (one.session === session) kept.delete(id);
    },
  };
}

function createRestoreMap(id: string, claim: (bytes: number) => void): RestoreMap {
  const originals = new Map<string, string>();
  let book: PlaceholderBook | undefined;
  let learnt = 0;
  return {
    id,
    exclusively: createTaskQueue(),
    pairs: () => [...originals],
    originalOf: (placeholder) => originals.get(placeholder),
    add: (pairs) => {
      const added = pairs.filter(([placeholder]) => !originals.has(placeholder));
      claim(added.reduce((sum, pair) => sum + PAIR_BYTES + 2 * pair.join('').length, 0));
      for (const [placeholder, original] of added) originals.set(placeholder, original);
    },
    book: () => {
      // What others gave out meanwhile is not in a book that was opened before.
      if (book === undefined || learnt + book.issued.length !== originals.size) {
        book = openPlaceholderBook([...originals]);
        learnt = originals.size;
      }
      return book;
    },
  };
}

function notFound(): RpcError {
  return new RpcError('NotFound', 'Nothing is kept of this redaction, or no longer.');
}

function tooLarge(limitBytes: number): RpcError {
  const message = 'Too much would have to be kept for placeholders: redact less at once.';
  return new RpcError('PayloadTooLarge', message, { details: { limitBytes } });
}
