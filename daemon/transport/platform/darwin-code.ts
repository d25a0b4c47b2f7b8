import type { Peer } from './peer-platform.ts';
import { bindSecurity, type Pointer, type Security, SecurityError } from './darwin-security.ts';

/** Whether the code of a peer is what a requirement demands, and if not, why. */
export type CodeVerdict =
  | { readonly isAccepted: true; readonly codeDirectoryHash: string }
  | {
      readonly isAccepted: false;
      readonly why: 'requirement' | 'tampered' | 'unhardened' | 'debuggable' | 'unreadable';
      /** Of Security.framework: -67050 requirement, -67061 bad signature, -67062 unsigned; 0 when it had no objection. */
      readonly status: number;
    };

export type CodeChecker = (peer: Peer, requirement: string) => CodeVerdict;

/** Asking the network about a revoked certificate is not the daemon's to do. */
const CHECK_WITHOUT_NETWORK = 1 << 29;

const CS_VALID = 0x1;
const CS_GET_TASK_ALLOW = 0x4;
/** The hardened runtime: without it an environment variable loads anybody's code into a signed program. */
const CS_RUNTIME = 0x1_0000;
const CS_DEBUGGED = 0x1000_0000;

/**
 * Binds Security.framework. The checker asks whether the process behind a peer's audit token is signed as the
 * requirement (renderCodeRequirement) says, unchanged in memory, and closed to debuggers and injected libraries. It never throws.
 */
export function createCodeChecker(security: Security = bindSecurity()): CodeChecker {
  return (peer, requirement) => {
    const owned: Pointer[] = [];
    try {
      const code = security.codeOf(Buffer.from(peer.instance, 'hex'), owned);
      const rule = security.compileRequirement(requirement, owned);
      const status = security.checkValidity(code, { flags: CHECK_WITHOUT_NETWORK, rule });
      if (status !== 0) return { isAccepted: false, why: 'requirement', status };
      return judgeSigning(security.readSigning(code, owned));
    } catch (error) {
      const status = error instanceof SecurityError ? error.status : 0;
      return { isAccepted: false, why: 'unreadable', status };
    } finally {
      for (const pointer of owned) security.release(pointer);
    }
  };
}

/** Judges what the kernel says of code whose signature was found right. */
export function judgeSigning(signing: {
  readonly statusBits: number;
  readonly codeDirectoryHash: string;
}): CodeVerdict {
  const { statusBits, codeDirectoryHash } = signing;
  if ((statusBits & CS_VALID) === 0) return { isAccepted: false, why: 'tampered', status: 0 };
  if ((statusBits & CS_RUNTIME) === 0) return { isAccepted: false, why: 'unhardened', status: 0 };
  if ((statusBits & (CS_GET_TASK_ALLOW | CS_DEBUGGED)) !== 0) {
    return { isAccepted: false, why: 'debuggable', status: 0 };
  }
  return { isAccepted: true, codeDirectoryHash };
}
