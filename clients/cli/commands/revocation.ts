import { resolve } from 'node:path';
import type { ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { formatTable, formatTime, plain } from '../output.ts';
import { addExample } from './example.ts';

const LIST_HELP = `
A list, to be signed with \`locara sign revocations.json --key <pem>\`:
  {"schema": "locara-revocations/v1", "seq": 1,
   "issuedAt": "2026-11-01T00:00:00Z", "expires": "2026-12-01T00:00:00Z",
   "entries": [{"appId": "acme/notes", "versions": "<1.2.0",
                "reason": "It leaks.", "advisory": "https://acme.example/1"}]}
An entry names one of appId (with versions, or all of them), manifestDigest,
publisher and signer. Each newer list needs a higher seq.`;

type Shown = ControlResult<'revocation.show'>;

export function registerRevocation(program: Command, context: CliContext): void {
  const revocation = program
    .command('revocation')
    .description('the signed list of apps that must not run');
  const importing = revocation
    .command('import')
    .description('take over a newer list; its signature lies beside it as <file>.sigstore.json')
    .argument('<list.json>', 'the list, signed by somebody trusted with --revocation')
    .action(async (path: string) => {
      const imported = await context.control('revocation.import', { path: resolve(path) });
      context.print(imported, renderRevocations(imported));
    });
  addExample(importing, 'locara revocation import ./revocations.json');
  importing.addHelpText('after', LIST_HELP);
  const show = revocation
    .command('show')
    .description('the list in force, and the installed apps that it blocks')
    .action(async () => {
      const shown = await context.control('revocation.show', {});
      context.print(shown, renderRevocations(shown));
    });
  addExample(show, 'locara revocation show');
}

function renderRevocations({ list, blocked }: Shown): string[] {
  if (list === undefined) return ['No revocation list was imported.'];
  const until = list.isExpired
    ? `expired at ${formatTime(list.expires)}: import the latest one, until then nothing new is installed`
    : `good until ${formatTime(list.expires)}`;
  const count = list.entries === 1 ? '1 entry' : `${list.entries} entries`;
  const rows = blocked.map(({ appId, version, block }) => [
    appId,
    version,
    block.reason,
    block.advisory ?? '-',
  ]);
  return [
    `List ${list.seq} with ${count}, signed by ${plain(list.signer)}, ${until}.`,
    ...(rows.length === 0
      ? ['It blocks no installed app.']
      : formatTable([['BLOCKED', 'VERSION', 'WHY', 'ADVISORY'], ...rows])),
  ];
}
