import { type ControlResult, RpcError } from '@locara/protocol';
import type { Audit } from '../../audit/audit.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';
import type { KeyCustody } from '../../stores/keys/key-custody.ts';
import type { Protection } from '../../stores/keys/master-places.ts';
import { toNormalizedBytes } from '../../secrets/passphrase-bytes.ts';
import { findKeptStore, type KeptStoresDeps } from './kept-stores.ts';

type State = ControlResult<'keys.show'>;

interface KeysDeps extends KeptStoresDeps {
  readonly custody: KeyCustody;
  readonly audit: Audit;
}

export function createKeysHandlers(deps: KeysDeps): ControlHandlers<'keys'> {
  const { custody, stores, audit } = deps;
  const show = async (): Promise<State> => describe(await custody.state());
  return {
    'keys.show': show,
    'keys.rotate': async ({ passphrase }) => {
      const { kind = await custody.kindOfNewHome() } = await custody.state();
      const protection = toProtection(kind, passphrase);
      // Proves that it is the present one: another would lock the user out.
      if (passphrase !== undefined) await unlock(deps, passphrase);
      return protect(deps, 'keys.rotated', protection);
    },
    'keys.rotateStore': async ({ appId }) => {
      await stores.rotateKey(findKeptStore(deps, { appId }));
      audit.decide('keys.storeRotated', appId);
      return { rotated: true };
    },
    'keys.protect': ({ with: kind, passphrase }) =>
      protect(deps, 'keys.protected', toProtection(kind, passphrase)),
    'keys.unlock': async ({ passphrase }) => {
      await unlock(deps, passphrase);
      audit.decide('keys.unlocked', undefined);
      return show();
    },
    'keys.lock': async () => {
      await custody.lock();
      await stores.closeAll();
      audit.decide('keys.locked', undefined);
      return show();
    },
  };
}

async function unlock(
  { custody, audit }: KeysDeps,
  passphrase: string | Uint8Array,
): Promise<void> {
  try {
    await custody.unlock(toNormalizedBytes(passphrase));
  } catch (error) {
    if (error instanceof RpcError) audit.decide('keys.unlockRefused', undefined, ruleOf(error));
    throw error;
  }
}

async function protect(
  { custody, audit }: KeysDeps,
  event: 'keys.rotated' | 'keys.protected',
  protection: Protection,
): Promise<ControlResult<'keys.rotate'>> {
  const { kind } = protection;
  try {
    const { stores, unreadable } = await custody.protect(protection);
    audit.decide(event, undefined, { protection: kind, stores });
    return { protection: kind, stores, unreadable: [...unreadable] };
  } finally {
    if (protection.kind === 'passphrase') protection.passphrase.fill(0);
  }
}

/** Throws InvalidParams unless there is a passphrase exactly where one is needed. */
function toProtection(
  kind: Protection['kind'],
  passphrase: string | Uint8Array | undefined,
): Protection {
  if (kind === 'passphrase') {
    if (passphrase !== undefined) return { kind, passphrase: toNormalizedBytes(passphrase) };
    throw unfit('passphrase_missing', 'The passphrase is missing.');
  }
  if (passphrase === undefined) return { kind };
  throw unfit('passphrase_unneeded', 'A passphrase protects nothing here: give none.');
}

function describe({
  kind,
  stores,
  isRotating,
  refusal,
}: Awaited<ReturnType<KeyCustody['state']>>): State {
  const rule = refusal?.details?.['rule'];
  return {
    ...(kind === undefined ? {} : { protection: kind }),
    state: stateOf(kind, refusal),
    ...(refusal === undefined ? {} : { problem: refusal.message }),
    ...(typeof rule === 'string' ? { rule } : {}),
    stores,
    isRotating,
  };
}

function stateOf(kind: State['protection'], refusal: RpcError | undefined): State['state'] {
  if (refusal?.details?.['rule'] === 'keys_locked') return 'locked';
  if (refusal !== undefined) return 'unreachable';
  return kind === undefined ? 'new' : 'ready';
}

function ruleOf({ reason, details }: RpcError): { readonly rule: string } {
  const rule = details?.['rule'];
  return { rule: typeof rule === 'string' ? rule : reason };
}

function unfit(rule: string, message: string): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule } });
}
