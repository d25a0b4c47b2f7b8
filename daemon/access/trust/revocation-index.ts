import type { Block, RevocationEntry, RevocationList } from '@locara/protocol';
import { parse, satisfies, validRange } from 'semver';
import type { BlockSubject } from './blocks.ts';
import { keySignerId } from './signer-id.ts';

/** A list, ready to be asked about one app after the other. */
export interface RevocationIndex {
  find(app: BlockSubject): Block | undefined;
}

const CHECKED_PER_TURN = 50;

/** The position of the first entry whose range of versions nobody can read; lets others work in between. */
export async function findUnreadableRange({
  entries,
}: RevocationList): Promise<number | undefined> {
  for (const [position, { versions }] of entries.entries()) {
    if (position % CHECKED_PER_TURN === CHECKED_PER_TURN - 1) await nextTurn();
    if (versions !== undefined && validRange(versions) === null) return position;
  }
  return undefined;
}

/** Answers by look-ups, so that a long list costs what a short one does. */
export function createRevocationIndex({ entries, seq }: RevocationList): RevocationIndex {
  const byApp = new Map<string, RevocationEntry[]>();
  const byDigest = new Map<string, RevocationEntry>();
  const byPublisher = new Map<string, RevocationEntry>();
  const bySigner = new Map<string, RevocationEntry>();
  for (const entry of entries) {
    const { appId, manifestDigest, publisher, signer } = entry;
    if (appId !== undefined) {
      const others = byApp.get(appId);
      if (others === undefined) byApp.set(appId, [entry]);
      else others.push(entry);
    }
    if (manifestDigest !== undefined) byDigest.set(manifestDigest, entry);
    if (publisher !== undefined) byPublisher.set(publisher, entry);
    if (signer !== undefined) bySigner.set(toSignerId(signer), entry);
  }
  return {
    find({ appId, version, manifestDigest, signerId }) {
      const hit =
        byApp.get(appId)?.find(({ versions }) => isInRange(version, versions)) ??
        byDigest.get(manifestDigest) ??
        byPublisher.get(appId.slice(0, appId.indexOf('/'))) ??
        bySigner.get(signerId);
      if (hit === undefined) return undefined;
      const { reason, advisory } = hit;
      return { reason, ...(advisory === undefined ? {} : { advisory }), seq };
    },
  };
}

/** A pre-release is not let through, and neither is a version or a range that cannot be read. */
function isInRange(version: string, versions: string | undefined): boolean {
  if (versions === undefined || parse(version) === null || validRange(versions) === null) {
    return true;
  }
  return satisfies(version, versions, { includePrerelease: true });
}

function toSignerId(signer: string): string {
  return signer.includes(':') ? signer : keySignerId(signer);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
