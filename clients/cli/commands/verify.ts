import { MANIFEST_FILE, appIdOf, describeRights, privacyLabel } from '@locara/protocol';
import type { AppManifest, Badge, RightSentence } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError } from '../context.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../frame.ts';
import { paint, plain } from '../output.ts';
import { readManifestOf } from '../read-manifest.ts';
import { renderLimits } from '../summary/render-limits.ts';
import { addExample } from './example.ts';

interface Finding {
  readonly path: string;
  readonly rule: string;
}

/** What is wrong and what is doubtful in the bytes of a manifest; `manifest` only when nothing is wrong. */
export type CheckManifest = (bytes: Uint8Array) => {
  readonly manifest?: AppManifest | undefined;
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
};

class InvalidManifest extends CliError {
  override readonly details: Readonly<Record<string, unknown>>;

  /** With `--strict` what is wrong may be warnings alone. */
  constructor(wrong: readonly Finding[], warnings: readonly Finding[]) {
    const isDoubtful = wrong.every((finding) => warnings.includes(finding));
    const heading = isDoubtful
      ? 'The manifest is valid, but --strict refuses its warnings:'
      : 'The manifest is not valid:';
    super('InvalidManifest', [heading, ...wrong.map(renderFinding)].join('\n'));
    this.details = { errors: wrong, warnings };
  }
}

const JSON_HELP = `
With --json, a manifest that is good (exit code 0):
  {"ok": true, "appId", "version", "displayName", "models": [<pin>],
   "capabilities": [{"capability", "sentence", "optional"}],
   "rights": [{"path", "sentence", "capability"?, "optional"?}],
   "limits"?: {"concurrent_calls"?, "tokens_per_minute"?, "tokens_per_day"?},
   "badges": [{"id", "label", "because"}], "warnings": [{"path", "rule"}]}
and one that is not (exit code 1; with --strict the warnings are among the errors):
  {"error": {"reason": "InvalidManifest", "message",
   "details": {"errors": [{"path", "rule"}], "warnings": [{"path", "rule"}]}}}`;

/** `locara verify`, which needs no daemon. */
export function verifyCommand(checkManifest: CheckManifest): Registration {
  return (program: Command, context: CliContext) => {
    const command = program
      .command('verify')
      .description('check a manifest, and say in plain words what it asks for')
      .argument('<path>', 'a locara.json, the package folder with one, or a .locapp')
      .option('--strict', 'take warnings as errors')
      .action(async (path: string, { strict = false }: { strict?: boolean }) => {
        const { manifest, errors, warnings } = checkManifest(await readManifestOf(path));
        const wrong = strict ? [...errors, ...warnings] : errors;
        if (manifest === undefined || wrong.length > 0) throw new InvalidManifest(wrong, warnings);
        showManifest(context, manifest, warnings);
      });
    addExample(command, 'locara verify --strict ./notes', 'locara verify ./notes.locapp --json');
    command.addHelpText('after', JSON_HELP);
  };
}

function showManifest(
  context: CliContext,
  manifest: AppManifest,
  warnings: readonly Finding[],
): void {
  const appId = appIdOf(manifest);
  const { version, displayName, models, limits } = manifest;
  const rights = describeRights(manifest);
  const badges = earnableBadges(manifest);
  const capabilities = rights
    .filter(({ capability }) => capability !== undefined)
    .map(({ capability, sentence, optional = false }) => ({ capability, sentence, optional }));
  context.print(
    {
      ok: true,
      appId,
      version,
      displayName,
      capabilities,
      rights,
      models,
      ...(limits === undefined ? {} : { limits }),
      badges,
      warnings,
    },
    [
      `${paint(context, 'bold', plain(displayName))} (${appId} ${version}) is valid.`,
      ...renderRights(rights),
      ...renderReasons(manifest),
      ...renderLimits(limits),
      ...renderBadges(badges, models.length > 0),
      ...warnings.map((warning) => paint(context, 'yellow', `Warning: ${renderFinding(warning)}`)),
      'Who signed it is checked when it is installed.',
    ],
  );
}

/** As far as the manifest decides it: what the catalog and the tools are is the daemon's to say. */
function earnableBadges(manifest: AppManifest): Badge[] {
  const models = new Map(manifest.models.map((pin) => [pin, true]));
  return privacyLabel({ manifest, models, tools: new Map() });
}

function renderRights(rights: readonly RightSentence[]): string[] {
  const firm = rights.filter(({ optional }) => optional !== true);
  const later = rights.filter(({ optional }) => optional === true);
  const items = (list: readonly RightSentence[]): string[] =>
    list.map(({ sentence }) => `  • ${plain(sentence)}`);
  return [
    firm.length === 0 ? 'It asks for nothing.' : 'It asks to:',
    ...items(firm),
    ...(later.length === 0 ? [] : ['It may ask later to:', ...items(later)]),
  ];
}

function renderReasons({ capabilities: { background } }: AppManifest): string[] {
  const reasons = typeof background === 'boolean' ? [] : (background.reasons ?? []);
  return reasons.length === 0 ? [] : [`Why in the background: ${plain(reasons.join('; '))}`];
}

function renderBadges(badges: readonly Badge[], hasModels: boolean): string[] {
  if (badges.length === 0) return ['It can earn no badge.'];
  return [
    `It can earn these badges${hasModels ? ', if the catalog has its models' : ''}:`,
    ...badges.map(({ label, because }) => `  • ${label}: ${because}`),
  ];
}

/** An empty path means the file as a whole. */
function renderFinding({ path, rule }: Finding): string {
  return plain(`${path === '' ? MANIFEST_FILE : path}: ${rule}`);
}
