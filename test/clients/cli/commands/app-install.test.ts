import { stripVTControlCharacters } from 'node:util';
import type { ConsentSummary } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { APP, DIFF_DIGEST, DIGEST, expansion, rights, summary } from '../../../fakes/app-shapes.ts';
import type { FakeCall } from '../../../fakes/fake-daemon.ts';
import { ControlHome, locara } from '../../../support/run-cli.ts';

const argv = ['app', 'install', '/pkg'];
const installed = {
  appId: APP,
  version: '1.0.0',
  manifestDigest: DIGEST,
  credentials: '/data/apps/acme/notes/credentials.json',
  attestation: 'install-key',
  grants: [{ capability: 'llm:generate', state: 'granted' }],
  badges: [],
};

/** As a daemon describes a small development app. */
const TYPICAL: Partial<ConsentSummary> = {
  badges: [
    { id: 'fully-local', label: 'Fully Local', because: 'It declares no network.' },
    { id: 'no-telemetry', label: 'No Telemetry', because: 'Nothing could carry anything out.' },
    { id: 'development', label: 'Development', because: 'It was signed for development.' },
  ],
  grants: ['llm:generate', 'store:read', 'store:write'].map((capability) => ({
    capability,
    sentence: 'Write text with a language model on this computer.',
    declaredBy: 'modalities',
    optional: false,
  })),
  models: [{ model: `story@sha256:${'ab'.repeat(32)}`, bytes: 1_200_000, installed: true }],
  risks: [
    'It was signed with a development key: nobody but its author has looked at it.',
    'It runs outside a sandbox, as any program you start: what it declares about network, files and devices is its word, and Locara does not enforce it.',
  ],
};

async function packageHome(changes: Partial<ConsentSummary> = {}, result: object = installed) {
  const installs: unknown[] = [];
  const control = await ControlHome.start({
    'app.inspect': () => ({ summary: summary(changes) }),
    'app.install': ({ params }: FakeCall) => {
      installs.push(params);
      return result;
    },
  });
  return Object.assign(control, { installs });
}

/** What a person reads before the question. */
async function readSummary(changes: Partial<ConsentSummary>): Promise<string> {
  await using control = await packageHome(changes);
  return (await locara(argv, { home: control.home, answers: 'n\n' })).stderr;
}

describe('the consent', () => {
  test('shows the summary, asks, and is bound to the digest', async () => {
    await using control = await packageHome({ displayName: 'Notes\u001b[2J' });
    const { exitCode, stdout, stderr } = await locara(argv, { home: control.home, answers: 'y\n' });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Write text with a language model');
    expect(stderr).not.toContain('\u001b[2J');
    expect(stdout).toContain('acme/notes 1.0.0 is installed');
    expect(control.installs).toEqual([
      { path: '/pkg', consentDigest: DIFF_DIGEST, acceptRisk: false },
    ]);
  });

  test('shows the limits that the app sets itself', async () => {
    const sentence = 'It limits itself to 1,000 tokens a minute.';
    expect(await readSummary({ limits: { tokens_per_minute: 1000 } })).toContain(sentence);
    expect(await readSummary({})).not.toContain('limits itself');
  });

  test.each(['n\n', '\n', 'maybe\n'])('is not given by the answer %j', async (answers) => {
    await using control = await packageHome();
    expect((await locara(argv, { home: control.home, answers })).exitCode).toBe(3);
    expect(control.installs).toEqual([]);
  });

  test('is asked for the risks when there are some', async () => {
    await using control = await packageHome({ risks: ['It is a development build.'] });
    const { stderr } = await locara(argv, { home: control.home, answers: 'yes\n' });
    expect(stderr).toContain('Risk: It is a development build.');
    expect(stderr).toContain('Accept the risks and install it?');
    expect(control.installs).toMatchObject([{ acceptRisk: true }]);
  });

  test('prints exactly the result with --json', async () => {
    await using control = await packageHome();
    const result = await locara([...argv, '--yes', '--json'], control);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual(installed);
  });

  test.each([
    ['without a terminal', argv, false],
    ['with --json, even on a terminal', [...argv, '--json'], true],
  ])('is refused %s when --yes is missing', async (_, command, isTerminal) => {
    await using control = await packageHome();
    const result = await locara(command, { home: control.home, isTerminal });
    expect(result.exitCode).toBe(3);
    expect(result.stdout + result.stderr).toContain('no terminal');
    expect(control.installs).toEqual([]);
  });

  test('by --yes is refused when there are risks that --accept-risk does not accept', async () => {
    await using control = await packageHome({ risks: ['It is a development build.'] });
    const refused = await locara([...argv, '--yes', '--json'], control);
    expect(refused.exitCode).toBe(3);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { reason: 'RiskNotAccepted' } });
    expect(control.installs).toEqual([]);
    const accepted = await locara([...argv, '--yes', '--accept-risk'], control);
    expect(accepted.exitCode).toBe(0);
    expect(control.installs).toMatchObject([{ acceptRisk: true }]);
  });
});

describe('the summary', () => {
  test('says where a keyless package was built, and when that was logged', async () => {
    const text = await readSummary({
      signer: {
        id: 'identity:1',
        words: 'identity you trust “Acme CI”',
        scope: 'sideloading',
        signedAt: '2026-11-01T12:30:00Z',
        provenance: {
          issuer: 'https://token.actions.githubusercontent.com',
          identity: 'https://github.com/acme/notes/.github/workflows/release.yml@refs/tags/v1.0.0',
          sourceRepository: 'https://github.com/acme/notes',
          sourceRef: 'refs/tags/v1.0.0',
          sourceCommit: 'abcdef0123456789abcdef0123456789abcdef01',
          runnerEnvironment: 'self-hosted',
        },
      },
    });
    expect(text).toContain('Signed by identity you trust “Acme CI” (sideloaded');
    expect(text).toContain('Logged 2026-11-01 12:30 UTC.');
    expect(text).toContain(
      'Built by GitHub Actions from github.com/acme/notes at commit abcdef012345 (tag v1.0.0), workflow .github/workflows/release.yml@refs/tags/v1.0.0.',
    );
    expect(text).toContain('a machine that is not GitHub’s: self-hosted');
  });

  test('names the issuer of an identity that is no workflow', async () => {
    const provenance = { issuer: 'https://accounts.example', identity: 'ada@acme.example' };
    const text = await readSummary({
      signer: { id: 'identity:2', words: 'Ada', scope: 'sideloading', provenance },
    });
    expect(text).toContain(
      'Signed as ada@acme.example, for whom https://accounts.example vouches.',
    );
  });

  test('names the badges of the privacy label', async () => {
    const badges = [
      { id: 'fully-local', label: 'Fully Local', because: 'it asks for no network.' },
      { id: 'sideloaded', label: 'Sideloaded', because: 'nobody vouches for it.' },
    ] as const;
    expect(await readSummary({ badges: [...badges] })).toContain(
      'Privacy label: Fully Local, Sideloaded\n',
    );
  });

  test('says what the app may reach, also when that is nothing', async () => {
    const text = await readSummary({});
    expect(text).toContain('• files: reads those you pick');
    expect(text).toContain('• space: up to 1024 MiB');
    expect(text).toContain(
      '• no network, no devices, no other programs, no background, no notifications\n',
    );
  });

  test.each([
    ['an install', {}],
    [
      'an update',
      {
        update: {
          fromVersion: '0.9.0',
          diff: expansion().diff,
          diffDigest: DIFF_DIGEST,
          isExpansion: true,
        },
      },
    ],
  ] satisfies [string, Partial<ConsentSummary>][])(
    'of %s is seen as a whole, with its question, on a terminal of 80 by 24',
    async (_, changes) => {
      await using control = await packageHome({ ...TYPICAL, ...changes });
      const options = { home: control.home, answers: 'n\n', columns: 80 };
      const lines = (await locara(argv, options)).stderr.split('\n');
      expect(lines.length).toBeLessThanOrEqual(24);
      const [question = ''] = lines.filter((line) => line.startsWith('Accept the risks'));
      expect(question).not.toBe('');
      for (const line of lines.slice(0, lines.indexOf(question))) {
        expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(80);
      }
    },
  );

  test('says network, files, devices, background and models in words', async () => {
    const asked = rights({
      hosts: ['api.acme.example'],
      ports: [443],
      userSelected: 'read-write',
      userPaths: { '~/Music': 'read' },
      devices: ['microphone'],
      background: 'active',
    });
    const pin = `story@sha256:${'ab'.repeat(32)}`;
    const models = [{ model: pin, bytes: 1_200_000, installed: false }];
    const text = await readSummary({ rights: asked, models });
    expect(text).toContain('• network: api.acme.example, ports 443');
    expect(text).toContain('• files: changes those you pick; reads “~/Music”');
    expect(text).toContain('• devices: microphone');
    expect(text).toContain('• background: works while you do not see it');
    expect(text).toContain('• story@sha256:abababababab… (1.2 MB, not installed yet)');
  });

  test('lets nothing from the package steer the terminal', async () => {
    const evil = '\u001b]0;x\u0007\u202e';
    const text = await readSummary({
      version: evil,
      description: evil,
      author: evil,
      license: evil,
      signer: {
        id: '1',
        words: evil,
        scope: 'sideloading',
        provenance: { issuer: evil, identity: evil },
      },
      badges: [{ id: 'open-source', label: evil, because: evil }],
      grants: [{ capability: evil, sentence: evil, declaredBy: evil, optional: true }],
      models: [{ model: evil, bytes: 1, installed: true }],
      rights: rights({
        hosts: [evil],
        devices: [evil],
        ipc: [evil],
        notifications: [evil],
        userPaths: { [evil]: 'read' },
      }),
      risks: [evil],
      update: {
        fromVersion: evil,
        diff: {
          ...expansion().diff,
          added: [{ path: evil, sentence: evil, from: evil, to: evil }],
        },
        diffDigest: DIFF_DIGEST,
        isExpansion: true,
      },
    });
    // What is left are the colours of the command itself.
    expect(text.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u001b\u0007\u202e]/);
    expect(text).toContain('\ufffd');
  });
});

describe('an update', () => {
  const update = (isExpansion: boolean): Partial<ConsentSummary> => ({
    version: '2.0.0',
    update: {
      fromVersion: '1.0.0',
      diff: isExpansion ? expansion().diff : { ...expansion().diff, added: [], widened: [] },
      diffDigest: DIFF_DIGEST,
      isExpansion,
    },
  });

  test('that asks for more shows each change, and that the new rights wait', async () => {
    const text = await readSummary(update(true));
    expect(text).toContain('It replaces version 1.0.0 by 2.0.0:');
    expect(text).toContain('  + new: Read the text in images.');
    expect(text).toContain('  ~ more: More space. (1 GB → 2 GB)');
    expect(text).toContain('  ~ less: Fewer hosts.');
    expect(text).toContain('  − gone: The camera.');
    expect(text).toContain(
      'keeps what it had; the new rights wait 7 days of running time and for your consent: locara app consent acme/notes',
    );
    expect(text).toContain('Update it?');
  });

  test('that asks for no more is installed without a question, also where nobody can be asked', async () => {
    const diff = { added: [], widened: [], narrowed: [], removed: [] };
    const smaller = { fromVersion: '0.9.0', diff, diffDigest: DIFF_DIGEST, isExpansion: false };
    await using control = await packageHome({ update: smaller, risks: [] });
    expect((await locara([...argv, '--json'], control)).exitCode).toBe(0);
    expect(control.installs).toMatchObject([{ acceptRisk: false }]);
  });

  test('that asks for less has nothing to wait for', async () => {
    const text = await readSummary(update(false));
    expect(text).toContain('It asks for nothing new');
    expect(text).not.toContain('cool-down');
  });

  test('that was installed says how long its new rights still wait', async () => {
    await using control = await packageHome(update(true), { ...installed, pending: expansion() });
    const { stdout } = await locara([...argv, '--yes'], control);
    expect(stdout).toContain('wait 5 days 3 hours of running time');
  });
});
