import type { TrustedIdentity } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { formatTable } from '../output.ts';
import { addExample } from './example.ts';

export function registerTrustList(trust: Command, context: CliContext): void {
  const list = trust
    .command('list')
    .description('the keys and identities that are trusted, and for what')
    .action(async () => {
      const trusted = await context.control('trust.list', {});
      const rows = [
        ...trusted.keys.map((key) => [...shared(key), `${key.algorithm} key ${key.hint}`]),
        ...trusted.identities.map((one) => [...shared(one), describeIdentity(one)]),
      ];
      const table = formatTable([['NAME', 'SCOPE', 'PUBLISHER', 'WHO'], ...rows]);
      context.print(trusted, rows.length === 0 ? 'Nobody is trusted.' : table);
    });
  addExample(list, 'locara trust list');
}

/** Everything that a signature must show: two entries may differ in the last of it alone. */
function describeIdentity(one: TrustedIdentity): string {
  const { identity, issuer, root, sourceRepositoryId, sourceRepositoryOwnerId } = one;
  return [
    `${identity} by ${issuer}`,
    ...(sourceRepositoryId === undefined ? [] : [`repository ${sourceRepositoryId}`]),
    ...(sourceRepositoryOwnerId === undefined ? [] : [`owner ${sourceRepositoryOwnerId}`]),
    ...(root === 'public-good' ? [] : [`root ${root}`]),
  ].join(', ');
}

function shared({
  name,
  scope,
  publisher = 'any',
}: {
  readonly name: string;
  readonly scope: string;
  readonly publisher?: string | undefined;
}): string[] {
  return [name, scope, scope === 'revocation' ? '-' : publisher];
}
