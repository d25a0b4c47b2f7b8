import type { ConsentSummary } from '@locara/protocol';
import { type Look, paint, plain } from './output.ts';
import { renderGrants } from './summary/render-grants.ts';
import { renderBadgeNames } from './summary/render-label.ts';
import { renderLimits } from './summary/render-limits.ts';
import { renderModels } from './summary/render-models.ts';
import { renderRights } from './summary/render-rights.ts';
import { renderSigner } from './summary/render-signer.ts';
import { renderUpdate } from './summary/render-update.ts';

/**
 * What a user reads before deciding, in plain words, short enough to be seen as a whole; nothing from the
 * package can steer the terminal. The last lines stand above the question: the risks.
 */
export function renderConsent(summary: ConsentSummary, look: Look): string[] {
  const { appId, version, displayName, description, author, license, update } = summary;
  return [
    `${paint(look, 'bold', plain(displayName))} (${plain(appId)} ${plain(version)})`,
    `  ${plain(description)}`,
    `  by ${plain(author)}, licence ${plain(license)}`,
    ...renderSigner({ ...summary.signer, attestation: summary.attestation }),
    ...(update === undefined
      ? renderAsked(summary)
      : [...renderUpdate(summary, look), ...renderAskedBriefly(summary)]),
    ...renderLimits(summary.limits),
    ...renderBadgeNames(summary.badges),
    ...summary.risks.map((risk) => paint(look, 'yellow', `Risk: ${plain(risk)}`)),
  ];
}

/** Everything that the manifest asks for. */
export function renderAsked({ grants, rights, models }: ConsentSummary): string[] {
  return [...renderGrants(grants), ...renderRights(rights), ...renderModels(models)];
}

/** What an update leaves as it was needs no sentence of its own. */
function renderAskedBriefly({ grants }: ConsentSummary): string[] {
  const names = (isLater: boolean): string =>
    grants
      .filter(({ optional }) => optional === isLater)
      .map(({ capability }) => plain(capability))
      .join(', ');
  const later = names(true);
  return [`In all it asks for: ${names(false) || 'no capability'}${later && `; later ${later}`}.`];
}
