import type { AppGrant, Block, InstalledApp, PendingExpansion } from '@locara/protocol';
import { formatTable, formatTime, type Look, paint, plain } from '../output.ts';
import { describeState } from '../pending-decisions.ts';
import { renderDiff } from './render-diff.ts';
import { renderLabel } from './render-label.ts';
import { renderSigner } from './render-signer.ts';
import { describeWait } from './render-update.ts';

const CHANGED =
  'A file of it was changed since it was installed, so that it cannot connect: install it again.';

/** Everything about one installed app that its user may want to know. */
export function renderApp(app: InstalledApp, look: Look): string[] {
  const { appId, version, displayName, manifestDigest, installedAt } = app;
  const title = `${paint(look, 'bold', plain(displayName))} (${plain(appId)} ${plain(version)})`;
  return [
    `${title}: ${describeState(app)}`,
    ...(app.blocked === undefined ? [] : renderBlock(app.blocked, look)),
    ...(app.isIntact === false ? [paint(look, 'red', CHANGED)] : []),
    ...renderSigner({ ...app, words: app.signer }),
    `  Installed ${formatTime(installedAt)}, manifest ${plain(manifestDigest)}`,
    ...renderLabel(app.badges),
    ...(app.pending === undefined ? [] : renderExpansion(appId, app.pending, look)),
    ...renderDecisions(app.grants),
  ];
}

function renderBlock({ reason, advisory, seq }: Block, look: Look): string[] {
  return [
    paint(look, 'red', `Blocked by revocation list ${seq}: ${plain(reason)}`),
    ...(advisory === undefined ? [] : [`  Read more: ${plain(advisory)}`]),
  ];
}

/** The rights that an update asks for, and what they wait for. */
export function renderExpansion(
  appId: string,
  { diff, fromVersion, remainingMs, signedAt, firstSeenAt }: PendingExpansion,
  look: Look,
): string[] {
  const signed = signedAt === undefined ? '' : `, signed ${formatTime(signedAt)}`;
  return [
    `Its update from ${plain(fromVersion)} asks for more (first seen ${formatTime(firstSeenAt)}${signed}):`,
    ...renderDiff(diff, look),
    describeWait(appId, remainingMs),
  ];
}

const DECIDED_BY = {
  install: 'at install',
  consent: 'by consent',
  revoke: 'by revocation',
} as const;

function renderDecisions(grants: readonly AppGrant[]): string[] {
  if (grants.length === 0) return ['It declares no capability.'];
  const header = ['  CAPABILITY', 'STATE', 'DECIDED', 'USES', 'DENIALS', 'LAST USE'];
  const rows = grants.map((grant) => [
    `  ${grant.capability}`,
    grant.state,
    describeDecision(grant),
    String(grant.uses),
    String(grant.denials),
    grant.lastUsedAt === undefined ? 'never' : formatTime(grant.lastUsedAt),
  ]);
  return formatTable([header, ...rows]);
}

function describeDecision({ state, decidedAt, decidedBy, requestedAt }: AppGrant): string {
  if (state === 'pending' && requestedAt !== undefined) return `asked ${formatTime(requestedAt)}`;
  const how = decidedBy === undefined ? [] : [DECIDED_BY[decidedBy]];
  const when = decidedAt === undefined ? [] : [formatTime(decidedAt)];
  return [...how, ...when].join(', ') || '-';
}
