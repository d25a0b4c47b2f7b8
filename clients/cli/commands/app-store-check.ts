import type { ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, type CliContext } from '../context.ts';
import { formatTable, plain } from '../output.ts';
import { addExample } from './example.ts';
import { addKeptStore, nameKeptStore, type SharedOption, toKeptStore } from './kept-store.ts';

type Checked = ControlResult<'store.check'>;

export function registerStoreCheck(data: Command, context: CliContext): void {
  const check = data
    .command('check')
    .description('check the stored data from end to end, and count what can be read')
    .action(async (appId: string, options: SharedOption) => {
      const checked = await context.control('store.check', toKeptStore(appId, options));
      if (checked.check.state !== 'whole') {
        throw new StoreBroken(nameKeptStore(appId, options), checked);
      }
      context.print(checked, ['The stored data is whole.', ...renderContents(checked)]);
    });
  addExample(addKeptStore(check), 'locara app data check acme/notes');
}

/** Data that is not whole: what was found is the document, and the command fails. */
class StoreBroken extends CliError {
  override readonly document: Readonly<Record<string, unknown>>;

  constructor(name: string, checked: Checked) {
    const lines = [
      sentenceOf(checked.check.state),
      ...checked.check.problems.map((problem) => `  ${plain(problem)}`),
      ...renderContents(checked),
      ...renderAdvice(name, checked),
    ];
    super('Unavailable', lines.join('\n'));
    this.document = checked;
  }
}

function sentenceOf(state: Checked['check']['state']): string {
  switch (state) {
    case 'whole':
      return 'The stored data is whole.';
    case 'damaged':
      return 'The file is damaged. The app cannot use it until you decide.';
    case 'missing':
      return 'The file is gone.';
    case 'rolled_back':
      return 'An older file was put in the place of the last one.';
    case 'unavailable':
      return 'The stored data cannot be opened.';
  }
}

function renderContents({ check }: Checked): string[] {
  const rows = [
    ...check.tables.map(({ name, rows, isWhole }) => ['table', name, String(rows), isWhole]),
    ...check.collections.map(({ name, records, isWhole }) => [
      'collection',
      name,
      String(records),
      isWhole,
    ]),
  ].map((row) => row.map((cell) => (typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : cell)));
  return rows.length === 0 ? [] : formatTable([['KIND', 'NAME', 'READABLE', 'WHOLE'], ...rows]);
}

/** Of data that cannot be opened nobody knows the backups. */
function renderBackups(name: string, { check, backups }: Checked): string[] {
  if (backups.length > 0) {
    return [`Put the newest backup back: locara app data restore ${name} --backup latest`];
  }
  return check.state === 'unavailable' ? [] : ['There is no backup.'];
}

function renderAdvice(name: string, { check, backups }: Checked): string[] {
  const canRead = [...check.tables, ...check.collections].length > 0;
  return [
    ...(canRead
      ? [`Save what can be read first: locara app data salvage ${name} saved.jsonl`]
      : []),
    ...renderBackups(name, { check, backups }),
    ...(check.state === 'rolled_back'
      ? [`Keep the older file: locara app data accept ${name}`]
      : []),
  ];
}
