import { rm } from 'node:fs/promises';
import { EXPORT_FORMATS, type ExportFormat } from '@locara/protocol';
import { type Command, Option } from 'commander';
import { CliError, EXIT, type CliContext } from '../context.ts';
import { formatBytes, plain } from '../output.ts';
import { createExportFile, type ExportFile } from '../export-file.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

interface ExportOptions {
  readonly format: ExportFormat;
  readonly plain?: boolean;
  readonly force?: boolean;
  readonly shared?: string;
}

interface Asked extends ExportOptions {
  readonly appId: string;
  readonly path: string;
}

/** What was written, for `--json`. */
interface Exported {
  readonly file: string;
  readonly bytes: number;
  readonly format: ExportFormat;
  readonly keyFile?: string;
  /** Tables that could not be read to their end. */
  readonly unreadable?: readonly string[];
}

export function registerStoreExport(data: Command, context: CliContext): void {
  const command = addAppId(
    data.command('export').description('write all that an app keeps to a file of yours'),
  )
    .argument('<file>', 'where to write it; readable by you alone')
    .addOption(
      new Option('--format <format>', 'JSON Lines, or a database that is encrypted or not')
        .choices(EXPORT_FORMATS)
        .default('jsonl'),
    )
    .option('--plain', 'with --format sqlite: yes, without encryption')
    .option('--shared <collection>', 'a collection that the app shares, in place of its own data')
    .option('--force', 'replace the file')
    .action(async (appId: string, path: string, options: ExportOptions) => {
      const exported = await exportStore(context, { ...options, appId, path });
      context.print(exported, describeExported(exported));
    });
  addExample(
    command,
    'locara app data export acme/notes notes.jsonl',
    'locara app data export acme/notes notes.db --format sqlcipher',
  );
}

async function exportStore(context: CliContext, asked: Asked): Promise<Exported> {
  if (asked.format === 'sqlite' && asked.plain !== true) {
    const message =
      'A sqlite file is not encrypted: whoever has it can read it. Add --plain to write it all the same, or take --format sqlcipher.';
    throw new CliError('Usage', message, EXIT.usage);
  }
  if (asked.format !== 'sqlite' && asked.plain === true) {
    throw new CliError('Usage', '--plain goes with --format sqlite.', EXIT.usage);
  }
  const target = { path: asked.path, replaces: asked.force === true };
  await using file = await createExportFile(target);
  const keyPath = `${asked.path}.key`;
  await using keyFile =
    asked.format === 'sqlcipher' ? await createExportFile({ ...target, path: keyPath }) : undefined;
  const { key, bytes, unreadable } = await context.interruptible((signal) =>
    receive(context, { ...asked, file }, signal),
  );
  if (key !== undefined) await keyFile?.write(Buffer.from(`${key}\n`));
  // The key first: a file that nobody can open would be worth nothing.
  await keyFile?.finish();
  try {
    await file.finish();
  } catch (error) {
    await rm(keyPath, { force: true });
    throw error;
  }
  return {
    file: asked.path,
    bytes,
    format: asked.format,
    ...(keyFile === undefined ? {} : { keyFile: keyPath }),
    ...(unreadable.length === 0 ? {} : { unreadable }),
  };
}

async function receive(
  context: CliContext,
  { appId, format, plain: isPlain = false, shared, file }: Asked & { readonly file: ExportFile },
  signal: AbortSignal,
) {
  const progress = createProgress(context);
  const params = { appId, format, plain: isPlain };
  const stream = context.controlStream(
    'store.export',
    shared === undefined ? params : { ...params, collection: shared },
    signal,
  );
  try {
    for await (const { piece, totalBytes } of stream) {
      await file.write(Buffer.from(piece, 'base64'));
      progress.tell(file.bytes, totalBytes);
    }
    const result = await stream;
    if (result.bytes === file.bytes && result.sha256 === file.sha256()) return result;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    progress.end();
  }
  throw new CliError('Conflict', 'The file is not what was sent: nothing was written. Try again.');
}

/** One line that is written over, on a terminal alone. */
function createProgress({ interactive, streams: { stderr } }: CliContext) {
  const isShown = interactive && stderr.isTTY === true;
  return {
    tell: (bytes: number, totalBytes: number | undefined) => {
      if (!isShown) return;
      const of = totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`;
      stderr.write(`\r\u001b[K${formatBytes(bytes)}${of}`);
    },
    end: () => {
      if (isShown) stderr.write('\r\u001b[K');
    },
  };
}

function describeExported({ file, bytes, format, keyFile, unreadable = [] }: Exported): string[] {
  const lines = [`${plain(file)}: ${formatBytes(bytes)}, ${WORDS[format]}`];
  if (keyFile !== undefined) {
    lines.push(
      `Its key, in hex, is in ${plain(keyFile)}: keep them apart. To open it with SQLCipher 4:`,
      `  sqlcipher ${plain(file)}`,
      `  PRAGMA key = "x'<the 64 digits of ${plain(keyFile)}>'";`,
      '  PRAGMA cipher_compatibility = 4;',
    );
  }
  lines.push(
    'What the app sealed under a passphrase stays sealed in it. The keys for that are not in it: copy data/vaults too.',
  );
  if (format === 'sqlite') lines.push('It is not encrypted: whoever has this file can read it.');
  if (unreadable.length > 0) {
    lines.push(`These tables could not be read to their end: ${unreadable.map(plain).join(', ')}`);
  }
  return lines;
}

const WORDS: Record<ExportFormat, string> = {
  jsonl: 'one JSON document a line: what there is, then every row and record',
  sqlcipher: 'an encrypted SQLCipher 4 database',
  sqlite: 'a plain SQLite database',
};
