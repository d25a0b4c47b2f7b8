import type { ConsentSummary, RightsChange } from '@locara/protocol';
import type { CliContext } from './context.ts';
import { formatBytes, paint, plain } from './output.ts';

type Look = Pick<CliContext, 'interactive' | 'environment'>;

/** What a user reads before deciding, in plain words; nothing from the package can steer the terminal. */
export function renderConsent(summary: ConsentSummary, look: Look): string[] {
  const { appId, version, displayName, description, author, license, signer, attestation } =
    summary;
  return [
    `${paint(look, 'bold', plain(displayName))} (${plain(appId)} ${plain(version)})`,
    `  ${plain(description)}`,
    `  by ${plain(author)}, ${plain(license)}; ${plain(signer.words)} (${attestation})`,
    ...renderGrants(summary),
    ...renderModels(summary),
    ...renderUpdate(summary),
    ...summary.risks.map((risk) => paint(look, 'yellow', `Risk: ${plain(risk)}`)),
  ];
}

function renderGrants({ grants }: ConsentSummary): string[] {
  const firm = grants.filter(({ optional }) => !optional);
  const later = grants.filter(({ optional }) => optional);
  const items = (list: typeof grants): string[] =>
    list.map(({ sentence }) => `  • ${plain(sentence)}`);
  return [
    firm.length === 0 ? 'It asks for nothing.' : 'It may:',
    ...items(firm),
    ...(later.length === 0 ? [] : ['It may ask you later whether it may:', ...items(later)]),
  ];
}

function renderModels({ models }: ConsentSummary): string[] {
  if (models.length === 0) return [];
  const items = models.map(({ model, bytes, installed }) => {
    const state = installed ? 'installed' : `${formatBytes(bytes)}, not installed`;
    return `  • ${plain(model)} (${state})`;
  });
  return ['It uses these models:', ...items];
}

function renderUpdate({ update }: ConsentSummary): string[] {
  if (update === undefined) return [];
  const { added, widened, narrowed, removed } = update.diff;
  const list = (changes: readonly RightsChange[]): string =>
    changes.length === 0 ? 'nothing' : plain(changes.map(({ sentence }) => sentence).join(', '));
  return [
    `It replaces version ${plain(update.fromVersion)}: adds ${list([...added, ...widened])}, drops ${list([...removed, ...narrowed])}.`,
  ];
}
