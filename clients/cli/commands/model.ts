import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { formatBytes, formatTable } from '../output.ts';
import { addExample } from './example.ts';

export function registerModel(program: Command, context: CliContext): void {
  const model = program.command('model').description('the models of this computer');
  const list = model
    .command('list')
    .description('every model of the catalog, with its state')
    .action(async () => {
      const { models } = await context.control('models.list', {});
      const rows = models.map(({ id, digest, task, state, bytes, license }) => [
        id,
        task,
        state,
        formatBytes(bytes),
        license,
        `${id}@${digest}`,
      ]);
      const header = ['MODEL', 'TASK', 'STATE', 'SIZE', 'LICENCE', 'PIN'];
      context.print({ models }, formatTable([header, ...rows]));
    });
  addExample(list, 'locara model list');
}
