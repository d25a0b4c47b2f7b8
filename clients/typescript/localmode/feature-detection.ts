import type { ClientSource } from './client-source.ts';

export interface FeatureDetection {
  /** Whether a daemon is there that encrypts; false where none can be reached. */
  readonly isCryptoSupported: () => Promise<boolean>;
  /** Whether this process can share memory between threads. */
  readonly isCrossOriginIsolated: () => boolean;
}

export function createFeatureDetection(client: ClientSource): FeatureDetection {
  return {
    isCryptoSupported: () => isCryptoSupportedBy(client),
    isCrossOriginIsolated: () => typeof SharedArrayBuffer === 'function',
  };
}

export async function isCryptoSupportedBy(client: ClientSource): Promise<boolean> {
  try {
    return (await client().vault.isSupported()).supported;
  } catch {
    // No daemon, no credentials, a refusal: whichever it is, nothing can be encrypted.
    return false;
  }
}
