import type { Block } from '@locara/protocol';

/** What the revocation list can name of an app. */
export interface BlockSubject {
  readonly appId: string;
  readonly version: string;
  readonly manifestDigest: string;
  readonly signerId: string;
}

/** The kill switch: which apps a signed revocation list blocks. */
export interface Blocks {
  find(app: BlockSubject): Block | undefined;
  /** True when a list was imported and has expired: then nothing new is installed. */
  isStale(): boolean;
  /** Called after another list took over; returns its own removal. */
  onChange(listener: () => void): () => void;
}

export function toBlockSubject({
  appId,
  manifest,
  manifestDigest,
  signer,
}: {
  readonly appId: string;
  readonly manifest: { readonly version: string };
  readonly manifestDigest: string;
  readonly signer: { readonly id: string };
}): BlockSubject {
  return { appId, version: manifest.version, manifestDigest, signerId: signer.id };
}
