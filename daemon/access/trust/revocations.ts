import { type Block, checkRevocationList, type RevocationState, RpcError } from '@locara/protocol';
import type { Log } from '../../log.ts';
import type { Blocks, BlockSubject } from './blocks.ts';
import { digestOf } from './digest.ts';
import { readSignedList } from './read-signed-list.ts';
import { refusePackage } from './refuse-package.ts';
import { type AcceptedList, readAcceptedList, writeAcceptedList } from './revocation-file.ts';
import {
  createRevocationIndex,
  findUnreadableRange,
  type RevocationIndex,
} from './revocation-index.ts';
import { createTaskQueue } from '../../task-queue.ts';
import { type SignatureTrust, verifyBundle } from './verify-bundle.ts';

export interface RevocationsOptions {
  /** Where the list in force is kept. */
  readonly path: string;
  readonly trust: SignatureTrust;
  readonly log: Pick<Log, 'warn'>;
  readonly clock?: () => Date;
}

/** What an import came to. */
export interface ImportedList {
  readonly state: RevocationState;
  readonly signerId: string;
  readonly digest: string;
}

/** The kill switch: the one signed list in force, which only a newer one replaces. */
export interface Revocations extends Blocks {
  /** Undefined before the first import; throws Unavailable when the list on disk is damaged. */
  show(): RevocationState | undefined;
  /** A list that cannot be written holds all the same until a restart, and the failure is thrown. */
  import(path: string): Promise<ImportedList>;
}

/** Without knowing the list, nothing is known to be harmless: every app counts as blocked. */
const DAMAGED: RevocationIndex = {
  find: () => ({
    reason:
      'The revocation list on this computer is damaged, so nobody can tell which apps are blocked: import the latest one.',
    seq: 0,
  }),
};
const NOTHING: RevocationIndex = { find: () => undefined };

/** More than anybody installs: then the cache starts again. */
const MAX_CACHED = 4096;

export async function createRevocations(options: RevocationsOptions): Promise<Revocations> {
  const kept = await readAcceptedList(options.path);
  if (kept === 'damaged') options.log.warn('revocation.damaged');
  return new FileRevocations(options, kept);
}

class FileRevocations implements Revocations {
  readonly #options: RevocationsOptions;
  readonly #listeners = new Set<() => void>();
  readonly #inTurn = createTaskQueue();
  /** By manifest digest, which is asked for with every call of an app. */
  readonly #found = new Map<string, { readonly app: BlockSubject; readonly block?: Block }>();
  #inForce: AcceptedList | 'damaged' | undefined;
  #index: RevocationIndex;
  #isWritten = true;

  constructor(options: RevocationsOptions, kept: AcceptedList | 'damaged' | undefined) {
    this.#options = options;
    this.#inForce = kept;
    this.#index = indexOf(kept);
  }

  find(app: BlockSubject): Block | undefined {
    if (this.#index === NOTHING) return undefined;
    const known = this.#found.get(app.manifestDigest);
    if (known !== undefined && isSameSubject(known.app, app)) return known.block;
    const block = this.#index.find(app);
    if (this.#found.size >= MAX_CACHED) this.#found.clear();
    this.#found.set(app.manifestDigest, { app, ...(block === undefined ? {} : { block }) });
    return block;
  }

  isStale(): boolean {
    if (this.#inForce === undefined) return false;
    return this.#inForce === 'damaged' || this.#isExpired(this.#inForce);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  show(): RevocationState | undefined {
    if (this.#inForce !== 'damaged') return this.#inForce && this.#toState(this.#inForce);
    throw new RpcError(
      'Unavailable',
      'The revocation list is damaged, so every app is blocked: import the latest one.',
      { details: { rule: 'revocations_damaged' } },
    );
  }

  import(path: string): Promise<ImportedList> {
    return this.#inTurn(async () => {
      const signed = await readSignedList(path);
      const { signer } = await verifyBundle(signed, this.#options.trust, 'revocations');
      const { id, words } = signer;
      const bytes = signed.artifactBytes;
      const accepted: AcceptedList = {
        list: await parseList(bytes),
        digest: digestOf(bytes),
        signer: { id, words },
        importedAt: this.#now().toISOString(),
      };
      if (this.#isExpired(accepted)) throw refusePackage('list_expired');
      const inForce = this.#supersede(accepted);
      await this.#keep(inForce, bytes);
      const { digest } = inForce;
      return { state: this.#toState(inForce), signerId: inForce.signer.id, digest };
    });
  }

  /** The list that holds from now on: the new one, or the one in force when they are the same. */
  #supersede(accepted: AcceptedList): AcceptedList {
    const before = this.#inForce;
    if (before !== undefined && before !== 'damaged') {
      if (before.digest === accepted.digest) return before;
      if (before.list.seq >= accepted.list.seq) throw refusePackage('stale_list');
    }
    this.#inForce = accepted;
    this.#index = indexOf(accepted);
    this.#found.clear();
    this.#isWritten = false;
    this.#announce();
    return accepted;
  }

  /** After it took effect: an app that fills the disk must not keep what is taken from it. */
  async #keep(accepted: AcceptedList, bytes: Uint8Array): Promise<void> {
    if (this.#isWritten) return;
    await writeAcceptedList(this.#options.path, accepted, bytes);
    this.#isWritten = true;
  }

  #announce(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch {
        this.#options.log.warn('revocation.listenerFailed');
      }
    }
  }

  #toState(accepted: AcceptedList): RevocationState {
    const { seq, issuedAt, expires, entries } = accepted.list;
    const isExpired = this.#isExpired(accepted);
    const signer = accepted.signer.words;
    return { seq, issuedAt, expires, isExpired, entries: entries.length, signer };
  }

  #isExpired({ list }: AcceptedList): boolean {
    return Date.parse(list.expires) <= this.#now().getTime();
  }

  #now(): Date {
    return this.#options.clock?.() ?? new Date();
  }
}

async function parseList(bytes: Uint8Array): Promise<AcceptedList['list']> {
  const { list, errors } = checkRevocationList(bytes);
  const unreadable = list === undefined ? undefined : await findUnreadableRange(list);
  if (list !== undefined && unreadable === undefined) return list;
  const issues =
    unreadable === undefined
      ? errors
      : [
          {
            path: `entries[${unreadable}].versions`,
            rule: 'a range of versions, as >=1.0.0 <1.4.2',
          },
        ];
  throw new RpcError('InvalidParams', 'The list is not a valid locara-revocations/v1 list.', {
    details: { rule: 'revocation_list', issues },
  });
}

function indexOf(list: AcceptedList | 'damaged' | undefined): RevocationIndex {
  if (list === undefined) return NOTHING;
  return list === 'damaged' ? DAMAGED : createRevocationIndex(list.list);
}

function isSameSubject(left: BlockSubject, right: BlockSubject): boolean {
  return (
    left.appId === right.appId && left.version === right.version && left.signerId === right.signerId
  );
}
