import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { appIdOf, declaredCapabilities, describeCapability, MANIFEST_FILE } from '@locara/protocol';
import type { AppManifest } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../frame.ts';
import { plain } from '../output.ts';
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

  constructor(errors: readonly Finding[], warnings: readonly Finding[]) {
    super(
      'InvalidManifest',
      ['The manifest is not valid:', ...errors.map(renderFinding)].join('\n'),
    );
    this.details = { errors, warnings };
  }
}

/** `locara verify`, which needs no daemon. */
export function verifyCommand(checkManifest: CheckManifest): Registration {
  return (program: Command, context: CliContext) => {
    const command = program
      .command('verify')
      .description('check a manifest, and say in plain words what it asks for')
      .argument('<path>', 'a locara.json, or the package folder with one')
      .option('--strict', 'take warnings as errors')
      .action(async (path: string, { strict = false }: { strict?: boolean }) => {
        const { manifest, errors, warnings } = checkManifest(await readManifest(path));
        const wrong = strict ? [...errors, ...warnings] : errors;
        if (manifest === undefined || wrong.length > 0) throw new InvalidManifest(wrong, warnings);
        showManifest(context, manifest, warnings);
      });
    addExample(command, 'locara verify --strict ./notes');
  };
}

async function readManifest(path: string): Promise<Uint8Array> {
  if (path.endsWith('.locapp')) {
    throw new CliError(
      'Unavailable',
      'Zipped packages are not supported yet: unzip it.',
      EXIT.failed,
    );
  }
  try {
    const isFolder = (await stat(path)).isDirectory();
    return await readFile(isFolder ? join(path, MANIFEST_FILE) : path);
  } catch {
    throw new CliError('NotFound', `There is no readable ${MANIFEST_FILE} at that path.`);
  }
}

function showManifest(
  context: CliContext,
  manifest: AppManifest,
  warnings: readonly Finding[],
): void {
  const appId = appIdOf(manifest);
  const { version, displayName, models } = manifest;
  const optional = new Set<string>(manifest.capabilities.optional);
  const capabilities = declaredCapabilities(manifest).map((capability) => ({
    capability,
    sentence: describeCapability(capability).sentence,
    optional: optional.has(capability),
  }));
  const document = { ok: true, appId, version, displayName, capabilities, models, warnings };
  context.print(document, [
    `${plain(displayName)} (${appId} ${version}) is valid.`,
    capabilities.length === 0 ? 'It asks for nothing.' : 'It asks to:',
    ...capabilities.map((one) => `  • ${one.sentence}${one.optional ? ' (asked later)' : ''}`),
    ...models.map((model) => `  uses ${model}`),
    ...warnings.map((finding) => `Warning: ${renderFinding(finding)}`),
    'Who signed it is checked when it is installed.',
  ]);
}

function renderFinding({ path, rule }: Finding): string {
  return plain(path === '' ? rule : `${path}: ${rule}`);
}
