import { RpcError } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Registration } from '../../../clients/cli/frame.ts';
import { registrations } from '../../../clients/cli/commands/index.ts';
import { VERSION } from '../../../clients/cli/version.ts';
import { ControlHome, locara } from '../../support/run-cli.ts';

const documentOf = (stdout: string): unknown => JSON.parse(stdout);

function commandPaths(): string[][] {
  const program = new Command();
  for (const register of registrations) register(program, {} as never);
  const walk = (command: Command, path: string[]): string[][] =>
    command.commands.length === 0
      ? [path]
      : command.commands.flatMap((child) => walk(child, [...path, child.name()]));
  return walk(program, []);
}

describe('every command', () => {
  test.each(commandPaths())('%s %s has help with an example and --json', async (...path) => {
    const argv = [...path.filter((name) => typeof name === 'string'), '--help'];
    const { exitCode, stdout } = await locara(argv);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Example:\n  $ locara');
    expect(stdout).toContain('--json');
  });
});

describe('misuse exits with 2', () => {
  test.each([
    ['an unknown command', ['frobnicate']],
    ['an unknown sub-command', ['app', 'frobnicate']],
    ['an unknown option', ['status', '--frobnicate']],
    ['a missing argument', ['app', 'show']],
    ['one argument too many', ['status', 'now']],
    ['a missing option', ['trust', 'add', '--key', 'x']],
    ['params that are not JSON', ['call', 'daemon.ping', '{', '--app', 'acme/notes']],
    ['params that are an array', ['call', 'daemon.ping', '[]', '--app', 'acme/notes']],
    ['an app id that is a path', ['call', 'daemon.ping', '--app', '../../etc']],
  ])('for %s', async (_, argv) => {
    const shown = await locara(argv);
    expect(shown).toMatchObject({ exitCode: 2, stdout: '' });
    expect(shown.stderr).toMatch(/^locara: /);
    const asJson = await locara([...argv, '--json']);
    expect(asJson).toMatchObject({ exitCode: 2, stderr: '' });
    expect(documentOf(asJson.stdout)).toMatchObject({ error: { reason: 'Usage' } });
  });

  test('for a group without a command, which shows its help', async () => {
    const { exitCode, stderr } = await locara(['app']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('install');
    const { stdout } = await locara(['app', '--json']);
    expect(documentOf(stdout)).toMatchObject({ error: { reason: 'Usage' } });
  });

  test('for nothing at all, which shows the help', async () => {
    expect((await locara([])).exitCode).toBe(2);
  });
});

test('--version prints the version', async () => {
  expect(await locara(['--version'])).toMatchObject({ exitCode: 0, stdout: '9.9.9\n' });
});

test('the version is the one of the package', () => {
  const path = join(import.meta.dirname, '../../../clients/cli/package.json');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ version: VERSION });
});

describe('a failed command', () => {
  test('exits with 4 and names the command that starts the daemon when nothing listens', async () => {
    const { exitCode, stderr } = await locara(['status']);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('locara service start');
    const asJson = await locara(['--json', 'status']);
    expect(asJson.exitCode).toBe(4);
    expect(documentOf(asJson.stdout)).toMatchObject({ error: { reason: 'DaemonUnreachable' } });
  });

  test.each([
    ['NotFound', 1],
    ['InternalError', 1],
    ['CapabilityDenied', 3],
    ['Unauthenticated', 3],
  ] as const)('that the daemon answers with %s exits with %i', async (reason, exitCode) => {
    await using control = await ControlHome.start({
      'app.show': () => {
        throw new RpcError(reason, 'Because.', { details: { limit: 1 } });
      },
    });
    const result = await locara(['app', 'show', 'acme/notes', '--json'], control);
    expect(result.exitCode).toBe(exitCode);
    expect(documentOf(result.stdout)).toEqual({
      error: { reason, message: 'Because.', details: { limit: 1 } },
    });
  });

  test.each(['app_revoked', 'app_changed_on_disk', 'downgrade'])(
    'that is a decision of the user or the publisher exits with 3: %s',
    async (rule) => {
      await using control = await ControlHome.start({
        'app.show': () => {
          throw new RpcError('Conflict', 'Because.', { details: { rule } });
        },
      });
      const result = await locara(['app', 'show', 'acme/notes', '--json'], control);
      expect(result.exitCode).toBe(3);
      expect(documentOf(result.stdout)).toMatchObject({ error: { reason: 'Conflict' } });
    },
  );

  test('shows what the daemon said without what could steer a terminal', async () => {
    await using control = await ControlHome.start({
      'app.show': () => {
        throw new RpcError('NotFound', 'no \u001b[2Jsuch\u202e app');
      },
    });
    const { stderr } = await locara(['app', 'show', 'acme/notes'], control);
    expect(stderr).toBe('locara: no \ufffd[2Jsuch\ufffd app\n');
  });

  test('shows no stack of a bug', async () => {
    const buggy: Registration = (program) => {
      program.command('buggy').action(() => {
        throw new TypeError('oops');
      });
    };
    const { exitCode, stderr } = await locara(['buggy'], { registrations: [buggy] });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'locara: Unexpected: oops\n' });
  });
});
