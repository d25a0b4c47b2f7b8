import { type AppManifest, type Attestation, readMacCode } from '@locara/protocol';
import type { AppRecord } from './app-registry.ts';
import { generateInstallKey, readInstallKey } from './credentials-file.ts';

/** The key that an installation is proven with; without a private half where the app keeps, or will make, its own. */
export interface ChosenKey {
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly privateKeyPem?: string;
}

export interface KeyChoice {
  readonly manifest: AppManifest;
  readonly attestation: Attestation;
  readonly installed: AppRecord | undefined;
  /** Path of credentials.json. */
  readonly credentials: string;
  readonly platform: NodeJS.Platform;
}

/** Keeps the key of an installed app, unless its credentials are gone or belong to another record. */
export async function chooseInstallKey(choice: KeyChoice): Promise<ChosenKey> {
  const { installed, credentials } = choice;
  if (makesItsOwnKey(choice)) {
    // Until the app enrolls one, it has a key that nobody holds.
    const wasEnrolled = installed !== undefined && makesItsOwnKey({ ...choice, ...installed });
    return { publicKey: wasEnrolled ? installed.installPublicKey : generateInstallKey().publicKey };
  }
  const kept = installed === undefined ? undefined : await readInstallKey(credentials);
  return kept !== undefined &&
    Buffer.compare(kept.publicKey, installed?.installPublicKey ?? Buffer.of()) === 0
    ? kept
    : generateInstallKey();
}

/** An app whose code macOS recognises makes its key in its own container, where no other program reads it. */
function makesItsOwnKey({
  manifest,
  attestation,
  platform,
}: Pick<KeyChoice, 'manifest' | 'attestation' | 'platform'>): boolean {
  const hasCode = typeof readMacCode(manifest.build) === 'object';
  return platform === 'darwin' && hasCode && attestation !== 'development';
}
