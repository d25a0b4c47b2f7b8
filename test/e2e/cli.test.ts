import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { manifest } from '../support/install-sample.ts';

const APP = 'acme/notes';

let home: string;
let folder: string;

beforeAll(() => {
  home = createHome();
  folder = mkdtempSync(join(tmpdir(), 'locara-p-'));
  const content = manifest({ modalities: [], capabilities: { optional: ['store:sql'] } });
  writeFileSync(join(folder, 'locara.json'), JSON.stringify(content));
});

afterAll(() => {
  for (const path of [home, folder]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
});

/** One command with `--json`: its one document and its exit code; stderr must be silent. */
async function locara(...argv: readonly string[]) {
  const { exitCode, stdout, stderr } = await spawnCli([...argv, '--json'], { LOCARA_HOME: home })
    .ended;
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return { exitCode, document: JSON.parse(stdout) as Record<string, unknown> };
}

const refusal = (exitCode: number, reason: string) => ({
  exitCode,
  document: { error: { reason } },
});

describe('without a daemon', () => {
  test.each(['status', 'trust list', 'app list', 'model list'])(
    '`locara %s` ends with 4 and names the command that starts one',
    async (words) => {
      const { exitCode, document } = await locara(...words.split(' '));
      expect({ exitCode, document }).toMatchObject(refusal(4, 'DaemonUnreachable'));
      expect(JSON.stringify(document)).toContain('locara service start');
    },
  );

  test('a misuse ends with 2, and help and version are one document', async () => {
    expect(await locara('nonsense')).toMatchObject(refusal(2, 'Usage'));
    expect(await locara('--version')).toEqual({ exitCode: 0, document: { version: '0.1.0' } });
    const help = await locara('app', 'install', '--help');
    expect(help.document['help']).toMatch(/^Usage: locara app install/);
  });

  test('a reader that goes away early is no failure', async () => {
    const { child, ended } = spawnCli(['--help'], { LOCARA_HOME: home });
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('with a daemon, step after step,', () => {
  let daemon: DaemonProcess;
  let publicKey: string;

  beforeAll(async () => {
    daemon = await startDaemonProcess({ home });
  });

  afterAll(() => daemon.stop());

  test('a package without a signature is not installed', async () => {
    const install = await locara('app', 'install', folder, '--yes', '--accept-risk');
    expect(install).toMatchObject(refusal(1, 'InvalidParams'));
  });

  test('sign writes the bundle, and trusts nothing', async () => {
    const { exitCode, document } = await locara('sign', folder);
    expect(exitCode).toBe(0);
    expect(document['bundle']).toBe(join(folder, 'locara.json.sigstore.json'));
    publicKey = document['publicKey'] as string;
    const install = await locara('app', 'install', folder, '--yes', '--accept-risk');
    expect(install).toMatchObject(refusal(3, 'Unauthenticated'));
  });

  test('the trusted key alone is no consent', async () => {
    const trust = ['trust', 'add', '--key', publicKey, '--name', 'me', '--development'];
    expect(await locara(...trust)).toMatchObject({
      exitCode: 0,
      document: { key: { name: 'me' } },
    });
    const install = ['app', 'install', folder];
    expect(await locara(...install)).toMatchObject(refusal(3, 'ConsentRequired'));
    expect(await locara(...install, '--yes')).toMatchObject(refusal(3, 'RiskNotAccepted'));
    expect((await locara('app', 'list')).document).toEqual({ apps: [] });
  });

  test('diff says that it is not installed yet, and changes nothing', async () => {
    expect(await locara('app', 'diff', folder)).toMatchObject({
      exitCode: 0,
      document: { appId: APP, fromVersion: null, toVersion: '1.0.0', diffDigest: null },
    });
    expect((await locara('app', 'list')).document).toEqual({ apps: [] });
  });

  test('install answers in the contract’s shape', async () => {
    const install = await locara('app', 'install', folder, '--yes', '--accept-risk');
    const bytes = readFileSync(join(folder, 'locara.json'));
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(install).toMatchObject({
      exitCode: 0,
      document: {
        appId: APP,
        version: '1.0.0',
        manifestDigest: `sha256:${digest}`,
        credentials: join(home, 'data/apps', APP, 'credentials.json'),
        attestation: 'development',
        grants: [
          { capability: 'store:read', state: 'granted' },
          { capability: 'store:sql', state: 'pending' },
          { capability: 'store:write', state: 'granted' },
        ],
      },
    });
    expect(await locara('app', 'diff', folder)).toMatchObject({
      exitCode: 0,
      document: { fromVersion: '1.0.0', toVersion: '1.0.0', isExpansion: false },
    });
  });

  test('explain names what is missing, consent grants it, and explain agrees', async () => {
    const explain = ['app', 'explain', APP, 'db.query'];
    const refused = await locara(...explain);
    expect(refused).toMatchObject({ exitCode: 0, document: { appId: APP, allowed: false } });
    expect(refused.document['checks']).toContainEqual(
      expect.objectContaining({
        check: 'granted',
        holds: false,
        remedy: `locara app consent ${APP} store:sql`,
      }),
    );
    const query = ['call', 'db.query', '{"sql":"SELECT 1"}', '--app', APP];
    expect(await locara(...query)).toMatchObject(refusal(3, 'CapabilityDenied'));

    expect(await locara('app', 'consent', APP)).toMatchObject(refusal(3, 'ConsentRequired'));
    const consent = await locara('app', 'consent', APP, 'store:sql');
    expect(consent.exitCode).toBe(0);
    expect(consent.document['grants']).toContainEqual({
      capability: 'store:sql',
      state: 'granted',
    });
    expect(await locara(...explain)).toMatchObject({ document: { allowed: true } });
  });

  test('show is for people too', async () => {
    const { ended } = spawnCli(['app', 'show', APP], { LOCARA_HOME: home });
    const { exitCode, stdout } = await ended;
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Notes (acme/notes 1.0.0): active');
    expect(stdout).toContain('Signed by development key “me”');
    expect(stdout).toMatch(/store:sql +granted/);
  });

  test('an app that is not there is named as such, with the command that lists those that are', async () => {
    for (const command of ['show', 'consent', 'revoke', 'uninstall']) {
      const { exitCode, document } = await locara('app', command, 'acme/other');
      expect({ exitCode, document }).toMatchObject(refusal(1, 'NotFound'));
      expect(JSON.stringify(document)).toContain('locara app list');
    }
    expect(await locara('app', 'show', '__proto__')).toMatchObject(refusal(2, 'Usage'));
  });

  test('call reaches the store as that app', async () => {
    const query = ['call', 'db.query', '{"sql":"SELECT 6 * 7 AS answer"}', '--app', APP];
    const { exitCode, document } = await locara(...query);
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ result: { rows: [{ answer: 42 }] } });
  });

  test('what the manifest does not declare is refused', async () => {
    const count = ['call', 'llm.countTokens', '{"prompt":"a"}', '--app', APP];
    expect(await locara(...count)).toMatchObject(refusal(3, 'CapabilityDenied'));
  });

  test('wrong params are named, to a person too', async () => {
    const { ended } = spawnCli(['call', 'db.query', '{"sql":1}', '--app', APP], {
      LOCARA_HOME: home,
    });
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^locara: Invalid params for db\.query\.\n {2}sql: /);
  });

  test('a revoked app is out, and an uninstalled one is gone', async () => {
    const info = ['call', 'session.info', '--app', APP];
    expect(await locara('app', 'revoke', APP)).toMatchObject({ exitCode: 0 });
    expect(await locara(...info)).toMatchObject(refusal(3, 'Unauthenticated'));
    expect(await locara('app', 'uninstall', APP, '--wipe')).toMatchObject({ exitCode: 0 });
    expect(await locara(...info)).toMatchObject(refusal(1, 'NotFound'));
  });
});
