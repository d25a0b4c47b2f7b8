import type { AppManifest, Attestation, Capability, Grant } from '@locara/protocol';

/** The identity of an authenticated connection. Everything a handler opens is opened for `appId`. */
export interface Session {
  /** Of this connection: what it leaves behind is found and dropped by it. */
  readonly id: string;
  readonly appId: string;
  readonly version: string;
  readonly displayName: string;
  /** As far as the user approved it, at this moment. */
  readonly manifest: AppManifest;
  readonly manifestDigest: string;
  readonly attestation: Attestation;
  readonly pid: number;
  /** The decision of the user on every declared capability, as it is now. */
  grants(): readonly Grant[];
  /** By the effective rights of this moment. */
  has(capability: Capability): boolean;
}
