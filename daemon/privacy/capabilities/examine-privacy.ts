import { RpcError } from '@locara/protocol';
import { hasArgon2 } from '../../secrets/argon2.ts';
import { hasDarwinAes } from './platform/darwin.ts';
import { hasLinuxAes } from './platform/linux.ts';

/** One thing that privacy is made of: whether this computer has it, and what is used in either case. */
export interface PrivacyCapability {
  readonly id:
    'argon2' | 'hardwareAes' | 'keyring' | 'secureEnclave' | 'sealedWorker' | 'memoryLocking';
  readonly available: boolean;
  /** A sentence. */
  readonly uses: string;
}

/** What is asked of the system and of other parts; each may throw. */
export interface PrivacyProbes {
  readonly platform: NodeJS.Platform;
  /** Resolves to whether a passphrase became a key just now. */
  readonly hasArgon2: () => Promise<boolean>;
  readonly hasAes: () => boolean;
  /** Resolves where the keyring of this login answers. */
  readonly askKeyring: () => Promise<unknown>;
  /** Resolves where the worker is sealed and ready. */
  readonly askWorker: () => Promise<unknown>;
}

export function createPrivacyProbes(
  asked: Pick<PrivacyProbes, 'askKeyring' | 'askWorker'>,
): PrivacyProbes {
  const { platform } = process;
  return {
    platform,
    hasArgon2,
    hasAes: platform === 'darwin' ? hasDarwinAes : hasLinuxAes,
    ...asked,
  };
}

/** Everything looked at now. What cannot be found out counts as absent. */
export async function examinePrivacy(probes: PrivacyProbes): Promise<PrivacyCapability[]> {
  const [keyring, worker] = await Promise.all([
    holds(probes.askKeyring),
    reasonAgainst(probes.askWorker),
  ]);
  const argon2 = await holds(probes.hasArgon2);
  const aes = await holds(probes.hasAes);
  return [
    describeArgon2(argon2),
    describeAes(aes),
    describeKeyring(keyring, probes.platform),
    describeEnclave(probes.platform),
    describeWorker(worker),
    describeMemory(),
  ];
}

function describeArgon2(available: boolean): PrivacyCapability {
  const uses = available
    ? 'Passphrases become keys by Argon2id, native code of the pinned Node.'
    : 'This Node has no Argon2, and nothing weaker stands in: every use of a passphrase is refused until the pinned one runs the daemon again.';
  return { id: 'argon2', available, uses };
}

function describeAes(available: boolean): PrivacyCapability {
  const uses = available
    ? 'AES runs on instructions of the processor.'
    : 'AES runs in software, by OpenSSL: the same result, several times slower.';
  return { id: 'hardwareAes', available, uses };
}

function describeKeyring(available: boolean, platform: NodeJS.Platform): PrivacyCapability {
  const name = platform === 'darwin' ? 'The Keychain' : 'The Secret Service of this login';
  const uses = available
    ? `${name} answers: it can keep the key that protects the keys of the stores.`
    : `${name} does not answer: a passphrase, or a file that only the user can read, protects the keys of the stores.`;
  return { id: 'keyring', available, uses };
}

/** Only macOS lets programs use one, and only those that Apple signed with a right to; locarad has none. */
function describeEnclave(platform: NodeJS.Platform): PrivacyCapability {
  const why =
    platform === 'darwin'
      ? 'The Secure Enclave is not used: it serves programs with a signature and entitlement of Apple’s, and the daemon has none.'
      : 'No secure enclave is used on this system.';
  const uses = `${why} Keys of the vault are in memory while they are unlocked, and wrapped by a passphrase on the disk.`;
  return { id: 'secureEnclave', available: false, uses };
}

function describeWorker(refusal: string | undefined): PrivacyCapability {
  const id = 'sealedWorker';
  if (refusal === undefined) {
    const uses =
      'Texts are looked into, and noise is drawn, by a sealed process: it has no network, changes no files and starts no programs.';
    return { id, available: true, uses };
  }
  const why =
    refusal === 'confinement'
      ? 'The process that looks into texts and draws noise cannot be sealed here'
      : 'The process that looks into texts and draws noise does not start';
  const uses = `${why}: nothing stands in, and redaction and noise are refused.`;
  return { id, available: false, uses };
}

function describeMemory(): PrivacyCapability {
  const uses =
    'Memory is not locked, which Node cannot do: keys are overwritten after use, other programs are kept from reading the daemon’s memory, and swap should be encrypted by the system.';
  return { id: 'memoryLocking', available: false, uses };
}

async function holds(probe: () => unknown): Promise<boolean> {
  try {
    return (await probe()) !== false;
  } catch {
    return false;
  }
}

async function reasonAgainst(probe: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await probe();
    return undefined;
  } catch (error) {
    const cause = error instanceof RpcError ? error.details?.['cause'] : undefined;
    return typeof cause === 'string' ? cause : 'unknown';
  }
}
