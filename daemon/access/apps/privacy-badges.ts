import { type AppManifest, type Badge, privacyLabel, type Signer } from '@locara/protocol';

/** The privacy label of a package whose models were found in the catalog, as every install demands. */
export function badgesOf({
  manifest,
  signer,
}: {
  readonly manifest: AppManifest;
  readonly signer: Signer;
}): Badge[] {
  const models = new Map(manifest.models.map((pin) => [pin, true]));
  // No tool is known to be free of the network yet.
  return privacyLabel({ manifest, scope: signer.scope, models, tools: new Map() });
}
