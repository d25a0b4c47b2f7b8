import { useDefaultClient } from './default-client.ts';
import { bindLocalMode } from './local-mode.ts';

/** On the client of the app that LOCARA_CREDENTIALS names; `createLocalMode(client)` has them on another. */
export const {
  encrypt,
  decrypt,
  decryptString,
  encryptVector,
  decryptVector,
  encryptJSON,
  decryptJSON,
  deriveEncryptionKey,
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the old name is kept for who knows it
  deriveKey,
  hashPassphrase,
  verifyPassphrase,
  createKeystore,
  redactPII,
  createPrivacyBudget,
  randomizedResponse,
  gaussianNoise,
  laplacianNoise,
  dpClassificationMiddleware,
  embed,
  isCryptoSupported,
  isCrossOriginIsolated,
} = bindLocalMode(useDefaultClient);

export { closeDefaultClient } from './default-client.ts';
export { createLocalMode } from './local-mode.ts';
export type { LocalMode } from './local-mode.ts';
export { Keystore } from './keystore.ts';
export type { KeyMetadata, KeystoreSettings } from './keystore.ts';
export { addNoise } from './noise.ts';
export type { LabelRelease } from './noise.ts';
export { PrivacyBudgetExhaustedError } from './privacy-budget-error.ts';
export type { Consumption, PrivacyBudget, PrivacyBudgetOptions } from './privacy-budget.ts';
export {
  dpEmbeddingMiddleware,
  encryptionMiddleware,
  loggingMiddleware,
  piiRedactionMiddleware,
} from './middleware.ts';
export type {
  DpEmbeddingOptions,
  EmbeddingEvent,
  EmbeddingLogger,
  EmbeddingMiddleware,
} from './middleware.ts';
export { composeEmbeddingMiddleware, wrapEmbeddingModel } from './embedding-model.ts';
export type { BaseModel, EmbeddingModel } from './embedding-model.ts';
export type { Embedded, EmbedOptions } from './embed.ts';
export type { EncryptedData, EncryptedDataV1, EncryptedDataV2 } from './encryption.ts';
export type { DerivedKey, EncryptionKey } from './encryption-key.ts';
export type { Secret } from './secret.ts';
export type { CustomPattern, RedactionOptions, ReplacementFunction } from './redaction-options.ts';
export type {
  Classified,
  ClassificationMiddleware,
  DpClassificationOptions,
} from './classification.ts';
