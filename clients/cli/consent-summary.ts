import type { ConsentSummary } from '@locara/protocol';
import { type Look, paint, plain } from './output.ts';
import { renderGrants } from './summary/render-grants.ts';
import { renderLabel } from './summary/render-label.ts';
import { renderModels } from './summary/render-models.ts';
import { renderRights } from './summary/render-rights.ts';
import { renderSigner } from './summary/render-signer.ts';
import { renderUpdate } from './summary/render-update.ts';

/** What a user reads before deciding, in plain words; nothing from the package can steer the terminal. */
export function renderConsent(summary: ConsentSummary, look: Look): string[] {
  const { appId, version, displayName, description, author, license } = summary;
  return [
    `${paint(look, 'bold', plain(displayName))} (${plain(appId)} ${plain(version)})`,
    `  ${plain(description)}`,
    `  by ${plain(author)}, licence ${plain(license)}`,
    ...renderSigner({ ...summary.signer, attestation: summary.attestation }),
    ...renderLabel(summary.badges),
    ...renderAsked(summary),
    ...renderUpdate(summary, look),
    ...summary.risks.map((risk) => paint(look, 'yellow', `Risk: ${plain(risk)}`)),
  ];
}

/** Everything that the manifest asks for. */
export function renderAsked({ grants, rights, models }: ConsentSummary): string[] {
  return [...renderGrants(grants), ...renderRights(rights), ...renderModels(models)];
}
