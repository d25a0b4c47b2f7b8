import { dirname, join } from 'node:path';
import { canonicalJson, RpcError, type TrustedIdentity, type TrustedKey } from '@locara/protocol';
import { assertExactIdentity } from './exact-identity.ts';
import { type ManagedKey, parseManagedKey } from './managed-key.ts';
import { createTaskQueue } from '../../task-queue.ts';
import {
  MAX_TRUSTED,
  readStoredTrust,
  type StoredKey,
  type StoredTrust,
  writeStoredTrust,
} from './trust-list-file.ts';
import { createTrustedRootFiles, type TrustedRootFiles } from './trusted-root-file.ts';

/** A key the user trusts, ready to verify with. */
export type TrustedManagedKey = TrustedKey & Pick<ManagedKey, 'publicKey'>;

/** Stands for the root that comes with the daemon. */
export const PUBLIC_GOOD = 'public-good';

type Added = Pick<TrustedKey, 'name' | 'scope' | 'publisher'>;
export interface AddedKey extends Added {
  readonly publicKeyPem: string;
}
export interface AddedIdentity extends Added {
  readonly identity: string;
  readonly issuer: string;
  /** The text of a trusted_root.json; the public-good instance when absent. */
  readonly trustedRoot?: string | undefined;
  readonly sourceRepositoryId?: string | undefined;
  readonly sourceRepositoryOwnerId?: string | undefined;
}

/** The keys and identities whose signatures the user accepts. */
export interface TrustList {
  list(): Promise<{
    readonly keys: readonly TrustedKey[];
    readonly identities: readonly TrustedIdentity[];
  }>;
  /** The key of that hint, if it is trusted. */
  find(hint: string): Promise<TrustedManagedKey | undefined>;
  /** The text of a root that the user added, by its digest. */
  readRoot(root: string): Promise<string>;
  /** Adding the very same again changes nothing. */
  add(key: AddedKey): Promise<TrustedKey>;
  addIdentity(identity: AddedIdentity): Promise<TrustedIdentity>;
  /** By name, hint, or identity. */
  remove(wanted: string): Promise<TrustedKey | TrustedIdentity>;
}

/**
 * The user's trust, read from its file at each use: a file that is damaged or that others may write
 * trusts nobody, and every operation says so with Unavailable.
 */
export function createTrustList(options: {
  readonly path: string;
  readonly clock?: () => Date;
}): TrustList {
  const { path, clock = () => new Date() } = options;
  const roots = createTrustedRootFiles(join(dirname(path), 'trusted-roots'));
  const inTurn = createTaskQueue();
  const replace = (before: StoredTrust, after: StoredTrust) =>
    replaceTrust({ path, roots }, before, after);
  return {
    list: async () => {
      const { keys, identities } = await readStoredTrust(path);
      return { keys: keys.map((key) => toTrustedKey(key)), identities };
    },
    async find(hint) {
      const stored = (await readStoredTrust(path)).keys.find((key) => key.hint === hint);
      if (stored === undefined) return undefined;
      return { ...toTrustedKey(stored), publicKey: parseManagedKey(stored.publicKeyPem).publicKey };
    },
    readRoot: (root) => roots.read(root),
    add: (wanted) =>
      inTurn(async () => {
        const trust = await readStoredTrust(path);
        const added = toStoredKey(wanted, clock());
        const same = trust.keys.find((key) => key.hint === added.hint);
        if (isSame(same, added)) return toTrustedKey(same);
        assertMayAdd(trust, added, same);
        await replace(trust, { ...trust, keys: [...trust.keys, added] });
        return toTrustedKey(added);
      }),
    addIdentity: (wanted) =>
      inTurn(async () => {
        const trust = await readStoredTrust(path);
        assertExactIdentity(wanted);
        const { trustedRoot } = wanted;
        const root = trustedRoot === undefined ? PUBLIC_GOOD : roots.digestOf(trustedRoot);
        const added = toTrustedIdentity(wanted, root, clock());
        const same = trust.identities.find((one) => isSameSigner(one, added));
        if (isSame(same, added)) return same;
        assertMayAdd(trust, added, same);
        if (trustedRoot !== undefined) await roots.save(trustedRoot);
        await replace(trust, { ...trust, identities: [...trust.identities, added] });
        return added;
      }),
    remove: (wanted) =>
      inTurn(async () => {
        const trust = await readStoredTrust(path);
        const removed = findOne(trust, wanted);
        const rest: StoredTrust = {
          keys: trust.keys.filter((key) => key !== removed),
          identities: trust.identities.filter((identity) => identity !== removed),
        };
        await replace(trust, rest);
        return 'hint' in removed ? toTrustedKey(removed) : removed;
      }),
  };
}

/** Sweeps roots that nobody leans on, also those that a crash or a full disk left. */
async function replaceTrust(
  { path, roots }: { readonly path: string; readonly roots: TrustedRootFiles },
  before: StoredTrust,
  after: StoredTrust,
): Promise<void> {
  let kept = before;
  try {
    await writeStoredTrust(path, after);
    kept = after;
  } finally {
    await roots.removeUnused(new Set(kept.identities.map(({ root }) => root)));
  }
}

function toStoredKey({ name, scope, publisher, publicKeyPem }: AddedKey, now: Date): StoredKey {
  const { publicKey, algorithm, hint } = parseManagedKey(publicKeyPem);
  return {
    name,
    hint,
    algorithm,
    scope,
    ...(publisher === undefined ? {} : { publisher }),
    addedAt: now.toISOString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }),
  };
}

function toTrustedKey(stored: StoredKey): TrustedKey {
  const { name, hint, algorithm, scope, publisher, addedAt } = stored;
  const limit = publisher === undefined ? {} : { publisher };
  return { name, hint, algorithm, scope, ...limit, addedAt };
}

function toTrustedIdentity(wanted: AddedIdentity, root: string, now: Date): TrustedIdentity {
  const { name, scope, publisher, identity, issuer } = wanted;
  const { sourceRepositoryId, sourceRepositoryOwnerId } = wanted;
  return {
    name,
    identity,
    issuer,
    root,
    scope,
    ...(publisher === undefined ? {} : { publisher }),
    ...(sourceRepositoryId === undefined ? {} : { sourceRepositoryId }),
    ...(sourceRepositoryOwnerId === undefined ? {} : { sourceRepositoryOwnerId }),
    addedAt: now.toISOString(),
  };
}

/** One entry for one signer, so that its scope and publisher have one answer. */
function isSameSigner(left: TrustedIdentity, right: TrustedIdentity): boolean {
  return (
    left.identity === right.identity && left.issuer === right.issuer && left.root === right.root
  );
}

function isSame<Entry extends StoredKey | TrustedIdentity>(
  known: Entry | undefined,
  added: Entry,
): known is Entry {
  if (known === undefined) return false;
  const { addedAt } = known;
  return canonicalJson(known) === canonicalJson({ ...added, addedAt });
}

function assertMayAdd(
  { keys, identities }: StoredTrust,
  added: TrustedKey | TrustedIdentity,
  same: TrustedKey | TrustedIdentity | undefined,
): void {
  if (added.scope === 'revocation' && added.publisher !== undefined) {
    throw new RpcError(
      'InvalidParams',
      'A revocation list speaks of all apps: its signer cannot be limited to a publisher.',
      { details: { rule: 'revocation_publisher' } },
    );
  }
  if (same !== undefined) {
    throw new RpcError(
      'Conflict',
      `That is trusted already, as “${same.name}” (${same.scope}): remove it first.`,
    );
  }
  // Names that differ in case alone would mislead the person who reads them in a prompt.
  const others = [...keys, ...identities].map(({ name }) => name.toLowerCase());
  if (others.includes(added.name.toLowerCase())) {
    throw new RpcError('Conflict', 'Another trusted key or identity has that name.');
  }
  if (('hint' in added ? keys : identities).length >= MAX_TRUSTED) {
    throw new RpcError('QuotaExceeded', `At most ${MAX_TRUSTED} can be trusted: remove one first.`);
  }
}

function findOne({ keys, identities }: StoredTrust, wanted: string): StoredKey | TrustedIdentity {
  const named = [...keys, ...identities].find(({ name }) => name === wanted);
  const key = keys.find(({ hint }) => hint === wanted);
  const spelled = identities.filter(({ identity }) => identity === wanted);
  if (named === undefined && key === undefined && spelled.length > 1) {
    throw new RpcError('Conflict', 'Several trusted identities are spelled so: give a name.');
  }
  const found = named ?? key ?? spelled[0];
  if (found !== undefined) return found;
  throw new RpcError('NotFound', 'Nothing of that name is trusted: `locara trust list` names all.');
}
