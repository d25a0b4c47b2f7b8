import { randomBytes } from 'node:crypto';
import { RpcError } from '@locara/protocol';
import { createTaskQueue } from '../../task-queue.ts';
import type { StreamCipher, StreamKey } from './stream-cipher.ts';
import { unfit, vaultLocked } from './vault-errors.ts';
import type { ChosenKey } from './key-choice.ts';

/** Each holds a chunk. Those of one app are fewer than all, so that it cannot take the places of others. */
const LIMITS = { perSession: 8, perApp: 32, all: 256, idleMs: 5 * 60_000, maxWaiting: 8 };
/** Encrypted in a turn of the event loop, a millisecond at most; then others come first. */
const PARTS_PER_TURN = 8;

/** A stream as it is begun. */
export interface NewStream {
  readonly cipher: StreamCipher;
  readonly streamKey: StreamKey & { readonly key: Buffer };
  /** By which the stream's key was made: once it is erased, nothing more is encrypted or decrypted. */
  readonly chosen: ChosenKey;
}

/** The open streams of sessions; those that are left lying end by themselves. */
export interface SessionStreams {
  /** Takes the keys over. Throws Busy when there are too many. */
  add(session: string, stream: NewStream): string;
  /** The next bytes. Throws NotFound, Conflict (`wrong_offset`, `vault_locked`, `sealed`); all but the first two end it. */
  push(session: string, piece: StreamPiece & { readonly bytes: Uint8Array }): Promise<Buffer>;
  finish(session: string, end: StreamPiece): Promise<Buffer>;
  abandon(session: string, stream: string): void;
  forgetSession(session: string): void;
  endAll(): void;
}

export interface StreamPiece {
  readonly stream: string;
  readonly offset: number;
}

interface OpenStream extends NewStream {
  readonly session: string;
  readonly inTurn: ReturnType<typeof createTaskQueue>;
  offset: number;
  idle: NodeJS.Timeout;
}

export function createSessionStreams(limits = LIMITS): SessionStreams {
  return new BoundedStreams(limits);
}

class BoundedStreams implements SessionStreams {
  readonly #limits: typeof LIMITS;
  readonly #streams = new Map<string, OpenStream>();

  constructor(limits: typeof LIMITS) {
    this.#limits = limits;
  }

  add(session: string, stream: NewStream): string {
    const { perSession, perApp, all, maxWaiting } = this.#limits;
    const isFull =
      this.#idsOf(session).length >= perSession ||
      this.#countOf(stream.chosen.vaultKey.owner.appId) >= perApp ||
      this.#streams.size >= all;
    if (isFull) {
      stream.streamKey.key.fill(0);
      stream.chosen.release();
      throw tooMany(perSession);
    }
    const id = `stream_${randomBytes(12).toString('base64url')}`;
    const inTurn = createTaskQueue({ maxWaiting });
    this.#streams.set(id, { ...stream, session, inTurn, offset: 0, idle: this.#startIdle(id) });
    return id;
  }

  push(
    session: string,
    { bytes, ...at }: StreamPiece & { readonly bytes: Uint8Array },
  ): Promise<Buffer> {
    return this.#use(session, at, async (stream) => {
      const chunks: Buffer[] = [];
      for (const chunk of stream.cipher.push(bytes)) {
        chunks.push(chunk);
        if (chunks.length % PARTS_PER_TURN !== 0) continue;
        await nextTurn();
        this.#assertUsable(session, at.stream);
      }
      stream.offset += bytes.length;
      return Buffer.concat(chunks);
    });
  }

  finish(session: string, at: StreamPiece): Promise<Buffer> {
    return this.#use(session, at, (stream) => {
      const last = stream.cipher.finish();
      this.#end(at.stream);
      return Promise.resolve(last);
    });
  }

  abandon(session: string, id: string): void {
    this.#find(session, id);
    this.#end(id);
  }

  forgetSession(session: string): void {
    for (const id of this.#idsOf(session)) this.#end(id);
  }

  endAll(): void {
    for (const id of [...this.#streams.keys()]) this.#end(id);
  }

  /** One piece at a time. What goes wrong inside ends the stream: nothing is let out after it. */
  async #use(
    session: string,
    { stream: id, offset }: StreamPiece,
    work: (stream: OpenStream) => Promise<Buffer>,
  ): Promise<Buffer> {
    return this.#find(session, id).inTurn(async () => {
      const stream = this.#find(session, id);
      if (offset !== stream.offset) throw wrongOffset(stream.offset);
      clearTimeout(stream.idle);
      try {
        stream.chosen.touch?.();
        this.#assertUsable(session, id);
        return await work(stream);
      } catch (error) {
        this.#end(id);
        throw error;
      } finally {
        if (this.#streams.has(id)) stream.idle = this.#startIdle(id);
      }
    });
  }

  /** The session may have ended while others had their turn, or the database been locked: the keys are zeroes then. */
  #assertUsable(session: string, id: string): void {
    if (this.#find(session, id).chosen.vaultKey.isErased) throw vaultLocked();
  }

  #find(session: string, id: string): OpenStream {
    const stream = this.#streams.get(id);
    if (stream?.session === session) return stream;
    throw new RpcError('NotFound', 'This session has no such stream open.');
  }

  #idsOf(session: string): string[] {
    return [...this.#streams].filter(([, stream]) => stream.session === session).map(([id]) => id);
  }

  #countOf(appId: string): number {
    const owners = [...this.#streams.values()].map(({ chosen }) => chosen.vaultKey.owner);
    return owners.filter((owner) => owner.appId === appId).length;
  }

  #end(id: string): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    clearTimeout(stream.idle);
    stream.streamKey.key.fill(0);
    stream.chosen.release();
    this.#streams.delete(id);
  }

  #startIdle(id: string): NodeJS.Timeout {
    return setTimeout(() => {
      this.#end(id);
    }, this.#limits.idleMs).unref();
  }
}

function wrongOffset(expected: number): RpcError {
  return new RpcError('Conflict', 'Another piece comes next: `details.expected` is its offset.', {
    details: { rule: 'wrong_offset', expected },
  });
}

function tooMany(limit: number): RpcError {
  return new RpcError('Busy', 'Too many streams are open: close one first.', {
    details: { limit, retryAfterMs: 1000 },
  });
}

/** Throws InvalidParams where the offset of the end is missing. */
export function requireOffset(offset: number | undefined): number {
  if (offset !== undefined) return offset;
  throw unfit('offset_missing', 'Say how many bytes were handed in, or abandon the stream.');
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
