import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { registerService } from '../../../../clients/cli/commands/service.ts';
import type { PlanDocument } from '../../../../clients/cli/service/print-plan.ts';
import { parsePlist } from '../../../support/parse-plist.ts';

async function runService(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ document: unknown; lines: readonly string[] }> {
  const printed: { document: unknown; lines: readonly string[] }[] = [];
  const context = {
    environment,
    json: true,
    interactive: false,
    canAsk: false,
    print: (document: unknown, lines: string | readonly string[]) =>
      printed.push({ document, lines: [lines].flat() }),
    note: () => undefined,
    confirm: () => Promise.resolve(false),
    interruptible: () => Promise.reject(new Error('not here')),
    streams: { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() },
    controlStream: () => {
      throw new Error('not asked for');
    },
    endWith: () => undefined,
    control: () => Promise.reject(new Error('service commands never call the daemon')),
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  registerService(program, context);
  for (const command of program.commands.flatMap((group) => group.commands)) command.exitOverride();
  await program.parseAsync(['service', ...words], { from: 'user' });
  const [result, ...rest] = printed;
  expect(rest).toEqual([]);
  if (result === undefined) throw new Error('nothing was printed');
  return result;
}

describe('--dry-run', () => {
  test('shows the macOS plan on any machine', async () => {
    const { document } = await runService(['install', '--dry-run', '--platform', 'darwin'], {
      LOCARA_HOME: '/srv/a & b',
    });
    const plan = document as PlanDocument;
    expect(plan.platform).toBe('darwin');
    expect(plan.files).toHaveLength(1);
    expect(plan.files[0]).toMatchObject({
      path: expect.stringMatching(
        /\/Library\/LaunchAgents\/app\.locara\.locarad\.plist$/,
      ) as string,
      mode: '0644',
    });
    expect(parsePlist(plan.files[0]?.content ?? '')).toMatchObject({
      ProgramArguments: [
        process.execPath,
        '--enable-source-maps',
        expect.stringMatching(/^\/.*\/daemon\/dist\/main\.js$/),
      ],
      EnvironmentVariables: { LOCARA_HOME: '/srv/a & b' },
    });
    expect(plan.commands.at(-1)?.slice(0, 2)).toEqual(['launchctl', 'bootstrap']);
  });

  test('shows the Linux plan, with lines for people in the order of the steps', async () => {
    const { document, lines } = await runService(['uninstall', '--dry-run', '--platform', 'linux']);
    expect(document).toMatchObject({ platform: 'linux', files: [] });
    expect(lines[0]).toContain('disable --now locarad.service');
  });

  test('refuses a team that the daemon would refuse at each start', async () => {
    const words = ['install', '--dry-run', '--platform', 'darwin'];
    await expect(runService(words, { LOCARA_TEAM_ID: '../x' })).rejects.toMatchObject({
      exitCode: 2,
    });
    const { document } = await runService(words, { LOCARA_TEAM_ID: 'AB12CD34EF' });
    expect(JSON.stringify(document)).toContain('<string>AB12CD34EF</string>');
  });

  test('is needed to see the plan of another platform', async () => {
    const other = process.platform === 'darwin' ? 'linux' : 'darwin';
    await expect(runService(['status', '--platform', other])).rejects.toMatchObject({
      exitCode: 2,
    });
  });
});

test('a platform without services is a usage error', async () => {
  await expect(runService(['install', '--dry-run', '--platform', 'plan9'])).rejects.toMatchObject({
    code: 'commander.invalidArgument',
  });
});
