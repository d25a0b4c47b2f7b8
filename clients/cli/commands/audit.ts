import type { AuditEntry, ControlResult } from '@locara/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { CliError, type CliContext } from '../context.ts';
import { createExportFile } from '../export-file.ts';
import { formatTable, formatTime, plain } from '../output.ts';
import { parseAppId } from './app-id.ts';
import { addExample } from './example.ts';

const MAX_SHOWN = 1000;

export function registerAudit(program: Command, context: CliContext): void {
  const audit = program
    .command('audit')
    .description('who decided what, and what apps used or were refused');
  registerShow(audit, context);
  const verify = audit
    .command('verify')
    .description('check the log against its hash chain and its signed checkpoint')
    .action(async () => {
      const verdict = await context.control('audit.verify', {});
      const { ok, entries, problem = 'The log does not hold.', at } = verdict;
      if (!ok) {
        const where = at === undefined ? '' : ` (entry ${at})`;
        throw new AuditBroken(`${plain(problem)}${where}`, verdict);
      }
      context.print(verdict, `The audit log holds: ${entries} entries, signed by the daemon.`);
    });
  addExample(verify, 'locara audit verify');
  const toFile = audit
    .command('export')
    .description('write the whole log, with its signed checkpoint, to a file of yours')
    .argument('<file>', 'JSON Lines; must not exist yet')
    .action(async (path: string) => {
      const exported = await exportLog(path, context);
      context.print(exported, `${exported.entries} entries are in ${plain(path)}.`);
    });
  addExample(toFile, 'locara audit export audit.jsonl');
}

/** A log that does not hold: the verdict is the document, and the command fails. */
class AuditBroken extends CliError {
  override readonly document: Readonly<Record<string, unknown>>;

  constructor(message: string, document: Readonly<Record<string, unknown>>) {
    super('Conflict', message);
    this.document = document;
  }
}

function registerShow(audit: Command, context: CliContext): void {
  const show = audit
    .command('show')
    .description('the latest entries, newest first')
    .option('--app <id>', 'only those of one app: publisher/name', parseAppId)
    .option('--limit <n>', 'how many', parseLimit, 50)
    .option('--before <n>', 'only entries with a smaller number', parseNumber)
    .action(async ({ app, limit, before }: { app?: string; limit: number; before?: number }) => {
      const { entries } = await context.control('audit.show', {
        limit,
        ...(app === undefined ? {} : { appId: app }),
        ...(before === undefined ? {} : { before }),
      });
      const rows = entries.map(toRow);
      const table = formatTable([['ENTRY', 'AT', 'EVENT', 'APP', 'DETAILS'], ...rows]);
      context.print({ entries }, entries.length === 0 ? 'There are no entries.' : table);
    });
  addExample(show, 'locara audit show', 'locara audit show --app acme/notes --limit 10');
}

function toRow({ n, at, event, appId = '', fields }: AuditEntry): string[] {
  const details = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
  return [String(n), formatTime(at), event, appId, details.join(' ')];
}

function parseNumber(text: string): number {
  const number = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new InvalidArgumentError('Give a number from 1 on.');
  return number;
}

function parseLimit(text: string): number {
  const number = parseNumber(text);
  if (number > MAX_SHOWN) throw new InvalidArgumentError(`At most ${MAX_SHOWN}.`);
  return number;
}

async function exportLog(path: string, context: CliContext): Promise<{ entries: number }> {
  await using file = await createExportFile({ path });
  let entries = 0;
  for (let after = 0; ;) {
    const { lines, checkpoint, publicKey, next }: ControlResult<'audit.export'> =
      await context.control('audit.export', { after });
    entries += lines.length;
    await file.write(Buffer.from(lines.map((line) => `${line}\n`).join('')));
    if (next !== undefined) {
      after = next;
      continue;
    }
    const signed = JSON.parse(checkpoint) as object;
    await file.write(Buffer.from(`${JSON.stringify({ checkpoint: signed, publicKey })}\n`));
    await file.finish();
    return { entries };
  }
}
