import type { MacCodeIdentity } from '@locara/protocol';
import type { Log } from '../log.ts';
import { renderCodeRequirement } from './platform/code-requirement.ts';
import { type CodeChecker, type CodeVerdict, createCodeChecker } from './platform/darwin-code.ts';
import type { Peer } from './platform/peer-platform.ts';

/** What became of the question whose code a peer runs; `unasked` where none was demanded or the system has no answer. */
export type CodeFinding =
  | { readonly kind: 'unasked' | 'proven' }
  | {
      readonly kind: 'refused';
      readonly why: (CodeVerdict & { readonly isAccepted: false })['why'];
      /** Of Security.framework; 0 when it had no objection. */
      readonly status: number;
    };

/** Whose code a peer runs, by the operating system's word. */
export interface PeerCode {
  /** False where the system does not recognise code: then every finding is `unasked`. */
  readonly isSupported: boolean;
  /** About the process that `peer` was read of: when another took its place meanwhile, it is refused. Never throws. */
  judge(peer: Peer, demanded: MacCodeIdentity | undefined): CodeFinding;
}

export interface PeerCodeOptions {
  readonly log: Pick<Log, 'warn'>;
  readonly platform?: NodeJS.Platform;
  readonly bindChecker?: () => CodeChecker;
}

/** Asked for an app that declares no code identity, or is not installed: the answer must take as long as any other. */
const NOBODY: MacCodeIdentity = { bundleId: 'app.locara.nobody', teamId: '0000000000' };

export function createPeerCode({
  log,
  platform = process.platform,
  bindChecker = createCodeChecker,
}: PeerCodeOptions): PeerCode {
  if (platform !== 'darwin') return { isSupported: false, judge: () => ({ kind: 'unasked' }) };
  const check = bindOrRefuse(bindChecker, log);
  return {
    isSupported: true,
    judge: (peer, demanded) => {
      const finding = toFinding(() => check(peer, renderCodeRequirement(demanded ?? NOBODY)));
      return demanded === undefined ? { kind: 'unasked' } : finding;
    },
  };
}

/** Without Security.framework nobody has a code identity, and whoever must have one is refused. */
function bindOrRefuse(bindChecker: () => CodeChecker, log: Pick<Log, 'warn'>): CodeChecker {
  try {
    return bindChecker();
  } catch {
    log.warn('code.unavailable');
    return () => ({ isAccepted: false, why: 'unreadable', status: 0 });
  }
}

function toFinding(check: () => CodeVerdict): CodeFinding {
  try {
    const verdict = check();
    if (verdict.isAccepted) return { kind: 'proven' };
    return { kind: 'refused', why: verdict.why, status: verdict.status };
  } catch {
    return { kind: 'refused', why: 'unreadable', status: 0 };
  }
}
