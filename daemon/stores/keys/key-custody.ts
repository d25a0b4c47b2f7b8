import { RpcError } from '@locara/protocol';
import { describeError, type Log } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import { hasRule } from './key-errors.ts';
import { createKeyRecords } from './key-records.ts';
import type { MasterKind } from './master-descriptor.ts';
import { MasterKeys, type MasterKeysOptions } from './master-keys.ts';
import type { Protection } from './master-places.ts';
import { type Rewrapped, rewrapKeys } from './rewrap-keys.ts';
import { type StoreKeys, WrappedStoreKeys } from './store-keys.ts';

/** Whether the master key can be had now; else why not, as an Unavailable. */
export interface CustodyState {
  /** Undefined before the first store. */
  readonly kind: MasterKind | undefined;
  readonly stores: number;
  readonly isRotating: boolean;
  readonly refusal: RpcError | undefined;
}

/** Who keeps the master key, on the user's word: what protects it, changing that, locking and unlocking. */
export interface KeyCustody {
  readonly storeKeys: StoreKeys;
  state(): Promise<CustodyState>;
  /** What would protect the keys of a home without any. */
  kindOfNewHome(): Promise<'keyring' | 'file'>;
  /** A new master key under this protection; every key is wrapped by it before this resolves. */
  protect(protection: Protection): Promise<Rewrapped>;
  /** The passphrase is zeroed. */
  unlock(passphrase: Buffer): Promise<void>;
  lock(): Promise<void>;
  /** Ends what a process that was killed left half done; what it cannot do now waits for the next time. */
  resume(): Promise<void>;
}

export function createKeyCustody(
  deps: Omit<MasterKeysOptions, 'folder' | 'hasWrappedKeys'> & {
    readonly paths: Pick<Paths, 'keys' | 'storeKey'>;
    readonly log: Pick<Log, 'info' | 'warn'>;
  },
): KeyCustody {
  const { paths, log } = deps;
  const records = createKeyRecords(paths);
  const hasWrappedKeys = (): boolean => records.list().length > 0;
  const master = new MasterKeys({ ...deps, folder: paths.keys, hasWrappedKeys });
  const storeKeys = new WrappedStoreKeys({ master, records });
  let rewrapping: Promise<Rewrapped> | undefined;

  const finish = (): Promise<Rewrapped> => {
    rewrapping ??= rewrapKeys({ master, storeKeys, records, log }).finally(() => {
      rewrapping = undefined;
    });
    return rewrapping;
  };
  const resume = async (): Promise<void> => {
    try {
      const { isRotating, hasLeftovers } = await master.describe();
      if (isRotating) await finish();
      else if (hasLeftovers) await storeKeys.inTurn(() => master.destroyLeftovers());
    } catch (error) {
      if (!hasRule(error, 'keys_locked')) log.warn('keys.resumeFailed', describeError(error));
    }
  };

  return {
    storeKeys,
    state: async () => {
      const { refusal, ...described } = await describe(master);
      return { ...described, stores: records.list().length, refusal };
    },
    kindOfNewHome: () => master.kindOfNewHome(),
    protect: async (protection) => {
      if ((await master.describe()).isRotating) await finish();
      await storeKeys.inTurn(() => master.add(protection));
      return finish();
    },
    unlock: async (passphrase) => {
      await master.unlock(passphrase);
      void resume();
    },
    lock: () => storeKeys.inTurn(() => master.lock()),
    resume,
  };
}

/** What cannot be told is told as the reason why. */
async function describe(master: MasterKeys): Promise<Omit<CustodyState, 'stores'>> {
  try {
    const { kind, isRotating } = await master.describe();
    const refusal = await master.probe().then(() => undefined, toRefusal);
    return { kind, isRotating, refusal };
  } catch (error) {
    return { kind: undefined, isRotating: false, refusal: toRefusal(error) };
  }
}

function toRefusal(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  throw error;
}
