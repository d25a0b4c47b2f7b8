import type { InstalledApp, PrivacyView } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import {
  APP,
  DIFF_DIGEST,
  expansion,
  grant,
  installedApp,
  NO_CHANGE,
  rights,
  summary,
} from '../../../fakes/app-shapes.ts';
import type { FakeCall } from '../../../fakes/fake-daemon.ts';
import { ControlHome, locara } from '../../../support/run-cli.ts';

describe('app diff', () => {
  const home = (changes: Parameters<typeof summary>[0]) =>
    ControlHome.start({ 'app.inspect': () => ({ summary: summary(changes) }) });
  const argv = ['app', 'diff', '/pkg'];
  const update = {
    fromVersion: '1.0.0',
    diff: expansion().diff,
    diffDigest: DIFF_DIGEST,
    isExpansion: true,
  };

  test('shows how the rights change against the installed version', async () => {
    await using control = await home({ version: '2.0.0', update });
    const { exitCode, stdout } = await locara(argv, control);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('+ new: Read the text in images.');
    const { stdout: json } = await locara([...argv, '--json'], control);
    expect(JSON.parse(json)).toEqual({ appId: APP, toVersion: '2.0.0', ...update });
  });

  test('says when nothing changes', async () => {
    const same = { ...update, diff: NO_CHANGE, isExpansion: false };
    await using control = await home({ update: same });
    const { stdout } = await locara(argv, control);
    expect(stdout).toContain('Version 1.0.0 is installed already.');
    expect(stdout).toContain('Nothing changes in what it may do.');
  });

  test('of an app that is not installed says so, and shows all it asks for', async () => {
    await using control = await home({ rights: rights({ capabilities: ['llm:generate'] }) });
    const { exitCode, stdout } = await locara(argv, control);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('acme/notes is not installed yet.');
    expect(stdout).toContain('Write text with a language model on this computer.');
    const { stdout: json } = await locara([...argv, '--json'], control);
    expect(JSON.parse(json)).toMatchObject({
      appId: APP,
      fromVersion: null,
      toVersion: '1.0.0',
      diffDigest: null,
      diff: { removed: [], narrowed: [] },
      isExpansion: true,
    });
  });
});

describe('app list', () => {
  const stateOf = async (changes: Partial<InstalledApp>) => {
    await using control = await ControlHome.start({
      'app.list': () => ({ apps: [installedApp(changes)] }),
    });
    const { stdout } = await locara(['app', 'list'], control);
    return stdout.split('install-key  ')[1]?.trim();
  };
  const pending = [grant('ocr:run', 'pending')];
  const blocked = { reason: 'It leaks.', seq: 4 };

  test.each<[string, Partial<InstalledApp>]>([
    ['active', {}],
    ['active, 1 to decide', { grants: pending }],
    ['active, 1 to decide', { grants: pending, pending: expansion({ remainingMs: 0 }) }],
    ['active, new rights wait', { grants: pending, pending: expansion() }],
    ['revoked', { revoked: true }],
    ['changed on disk', { isIntact: false }],
    ['blocked', { blocked }],
    ['blocked, revoked', { blocked, revoked: true }],
  ])('says %s', async (state, changes) => {
    expect(await stateOf(changes)).toBe(state);
  });

  test.each([
    ['sideloading', 'sideloaded'],
    ['development', 'development'],
  ] as const)('marks an app of the scope %s as %s', async (scope, mark) => {
    await using control = await ControlHome.start({
      'app.list': () => ({ apps: [installedApp({ scope })] }),
    });
    const { stdout } = await locara(['app', 'list'], control);
    expect(stdout).toMatch(new RegExp(`acme/notes +1\\.0\\.0 +${mark} +install-key`));
  });

  test('names damaged apps, and what to do about them', async () => {
    await using control = await ControlHome.start({
      'app.list': () => ({ apps: [], damaged: ['acme/broken'] }),
    });
    const { stdout } = await locara(['app', 'list'], control);
    expect(stdout).toMatch(/acme\/broken .*damaged: locara app show acme\/broken/);
  });
});

describe('app show', () => {
  const show = async (changes: Partial<InstalledApp>, privacy: Partial<PrivacyView> = {}) => {
    await using control = await ControlHome.start({
      'app.show': () => ({ app: installedApp(changes) }),
      'privacy.show': () => ({
        databases: [],
        allowances: 0,
        exhausted: 0,
        problems: [],
        ...privacy,
      }),
    });
    return (await locara(['app', 'show', APP], control)).stdout;
  };

  test('says how much it keeps under passphrases, and how much it may still tell', async () => {
    const key = { createdAt: '2026-01-02T03:04:05Z', keyId: 'k', autoLockMs: 1000 };
    const kdf = { name: 'argon2id', memoryKib: 65_536, passes: 3, lanes: 4 } as const;
    const databases = [
      { ...key, kdf, database: 'diary', enabled: true, failedAttempts: 1 },
      { ...key, kdf, database: 'letters', enabled: false, failedAttempts: 0 },
    ];
    const text = await show({}, { databases, allowances: 3, exhausted: 2 });
    expect(text).toContain(
      'Vault: 1 database under a passphrase, 1 database without one, 1 wrong guess lately',
    );
    expect(text).toContain(
      'Privacy loss: 3 allowances, 2 of them spent; see locara privacy budgets',
    );
    expect(text).not.toContain('diary');
    const damaged = await show({}, { problems: ['The key cannot be read.'] });
    expect(damaged).toContain('The key cannot be read.');
    expect(damaged).not.toContain('Vault');
  });

  test('says who signed it, and who decided what when', async () => {
    const text = await show({
      grants: [
        grant('llm:generate', 'granted', {
          decidedBy: 'install',
          decidedAt: '2026-01-02T03:04:05Z',
          uses: 7,
          denials: 2,
          lastUsedAt: '2026-02-03T04:05:06Z',
        }),
        grant('ocr:run', 'pending', { requestedAt: '2026-02-04T00:00:00Z' }),
      ],
    });
    expect(text).toContain('Notes (acme/notes 1.0.0): active, 1 to decide');
    expect(text).toContain('Signed by key you trust “Acme”');
    expect(text).toMatch(
      /llm:generate +granted +at install, 2026-01-02 03:04 UTC +7 +2 +2026-02-03 04:05 UTC/,
    );
    expect(text).toMatch(/ocr:run +pending +asked 2026-02-04 00:00 UTC +0 +0 +never/);
  });

  test('says why it is blocked, and where to read more', async () => {
    const advisory = 'https://acme.example/1';
    const text = await show({ blocked: { reason: 'It leaks.', advisory, seq: 4 } });
    expect(text).toContain('Blocked by revocation list 4: It leaks.');
    expect(text).toContain('Read more: https://acme.example/1');
  });

  test('shows what an update asks for and how long that still waits', async () => {
    const text = await show({ pending: expansion() });
    expect(text).toContain('~ more: More space. (1 GB → 2 GB)');
    expect(text).toContain('wait 5 days 3 hours of running time');
  });

  test('lets nothing from the manifest steer the terminal', async () => {
    const evil = '\u001b[2J\u202e';
    const text = await show({
      displayName: evil,
      version: evil,
      signer: evil,
      blocked: { reason: evil, advisory: evil, seq: 1 },
      pending: expansion({ fromVersion: evil }),
      grants: [grant(evil, 'granted')],
    });
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('app explain', () => {
  const explanation = {
    allowed: false,
    requires: ['ocr:run'],
    checks: [
      { check: 'method', holds: true, sentence: 'ocr.recognize is a method.' },
      {
        check: 'granted',
        holds: false,
        sentence: 'ocr:run waits for your decision.',
        remedy: 'locara app consent acme/notes ocr:run',
      },
    ],
  };
  const argv = ['app', 'explain', APP, 'ocr.recognize'];
  const home = () => ControlHome.start({ 'app.explain': () => ({ explanation }) });

  test('shows every check with its sign and the remedy, and ends with 0', async () => {
    await using control = await home();
    const { exitCode, stdout } = await locara(argv, control);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        'acme/notes may not call ocr.recognize.',
        '  ✓ ocr.recognize is a method.',
        '  ✗ ocr:run waits for your decision.',
        '      locara app consent acme/notes ocr:run',
        '',
      ].join('\n'),
    );
  });

  test('prints one document with --json', async () => {
    await using control = await home();
    const { stdout } = await locara([...argv, '--json'], control);
    expect(JSON.parse(stdout)).toEqual({ appId: APP, method: 'ocr.recognize', ...explanation });
  });
});

describe('app uninstall', () => {
  const home = async () => {
    const removed: unknown[] = [];
    const control = await ControlHome.start({
      'app.uninstall': ({ params }: FakeCall) => {
        removed.push(params);
        return { appId: APP, wiped: params['wipe'] };
      },
    });
    return Object.assign(control, { removed });
  };
  const argv = ['app', 'uninstall', APP];

  test('keeps the data and says how to destroy it', async () => {
    await using control = await home();
    const { stdout } = await locara(argv, control);
    expect(stdout).toContain('its data stays');
    expect(stdout).toContain('so do the keys of what it sealed under a passphrase');
    expect(stdout).toContain('locara app uninstall acme/notes --wipe');
  });

  test('asks a person before it wipes', async () => {
    await using control = await home();
    const wipe = [...argv, '--wipe'];
    expect((await locara(wipe, { home: control.home, answers: 'n\n' })).exitCode).toBe(3);
    expect(control.removed).toEqual([]);
    expect((await locara(wipe, { home: control.home, answers: 'y\n' })).exitCode).toBe(0);
    expect(control.removed).toEqual([{ appId: APP, wipe: true }]);
  });

  test.each([
    ['on a terminal with --yes', ['--yes'], true],
    ['without a terminal', [], false],
  ])('wipes %s unasked', async (_, flags, isTerminal) => {
    await using control = await home();
    const result = await locara([...argv, '--wipe', ...flags], { home: control.home, isTerminal });
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toContain('and its data are gone');
  });
});

describe('an app id', () => {
  test.each([
    'app show <id>',
    'app consent <id>',
    'app explain <id> llm.chat',
    'app revoke <id>',
    'app uninstall <id>',
    'app run <id> -- true',
    'audit show --app <id>',
    'call session.info --app <id>',
  ])('in another syntax is a misuse of `%s`', async (command) => {
    for (const id of ['__proto__', '../x', 'notes', 'Acme/Notes', 'a/b/c', '']) {
      const argv = command.split(' ').map((word) => (word === '<id>' ? id : word));
      const { exitCode, stderr } = await locara(argv);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('publisher/name');
    }
  });
});

test('every command of `app` has an example in its help', async () => {
  for (const name of [
    'install',
    'diff',
    'list',
    'show',
    'consent',
    'explain',
    'revoke',
    'uninstall',
  ]) {
    const { exitCode, stdout } = await locara(['app', name, '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`$ locara app ${name}`);
  }
});
