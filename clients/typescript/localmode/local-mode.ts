import type { Client } from '../client.ts';
import { type Classification, createClassification } from './classification.ts';
import type { ClientSource } from './client-source.ts';
import { createEmbed, type Embed } from './embed.ts';
import { createEncryption, type Encryption } from './encryption.ts';
import { createKeyDerivation, type KeyDerivation } from './encryption-key.ts';
import { createFeatureDetection, type FeatureDetection } from './feature-detection.ts';
import { Keystore } from './keystore.ts';
import { createNoise, type Noise } from './noise.ts';
import { createPassphrases, type Passphrases } from './passphrases.ts';
import { createPrivacyBudgets, type PrivacyBudgets } from './privacy-budget.ts';
import { createRedaction, type Redaction } from './redaction.ts';

/** The functions of LocalMode's security page that the daemon does the work of. */
export interface LocalMode
  extends
    Encryption,
    KeyDerivation,
    Passphrases,
    Redaction,
    PrivacyBudgets,
    Noise,
    Classification,
    Embed,
    FeatureDetection {
  readonly createKeystore: () => Keystore;
}

/** The same functions as the package exports, on a client of the app's own. */
export function createLocalMode(client: Client): LocalMode {
  return bindLocalMode(() => client);
}

/** The functions, on whichever client there is when one of them is called. */
export function bindLocalMode(client: ClientSource): LocalMode {
  const noise = createNoise(client);
  return {
    ...createEncryption(client),
    ...createKeyDerivation(client),
    ...createPassphrases(client),
    ...createRedaction(client),
    ...createPrivacyBudgets(client),
    ...noise,
    ...createClassification(noise),
    ...createEmbed(client),
    ...createFeatureDetection(client),
    createKeystore: () => new Keystore(client),
  };
}
