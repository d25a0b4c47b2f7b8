import type { TrustedKey } from './control/trust.ts';

/** What the user is about to trust, or just did. */
export interface TrustSubject {
  readonly name: string;
  readonly kind: 'key' | 'identity';
  readonly scope: TrustedKey['scope'];
  readonly publisher?: string | undefined;
}

/** What trusting this means, in plain words: shown before the user confirms, and in the answer. */
export function describeTrust({ name, kind, scope, publisher }: TrustSubject): string {
  const who = `this ${kind} (“${name}”)`;
  if (scope === 'revocation') {
    return `Whoever holds ${who} can block any app on this computer, and lift blocks by a newer list. It cannot install anything.`;
  }
  const apps =
    publisher === undefined
      ? 'apps under any publisher name, also names that belong to somebody else'
      : `apps of the publisher ${publisher}`;
  const marked = scope === 'development' ? 'development' : 'sideloaded';
  return `Whoever holds ${who} can offer ${apps}. No registry has looked at them; they are marked as ${marked}, and each still asks you before it is installed.`;
}
