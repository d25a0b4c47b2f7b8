import type { InstalledApp } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { APP, DIFF_DIGEST, expansion, grant, installedApp } from '../../../fakes/app-shapes.ts';
import type { FakeCall } from '../../../fakes/fake-daemon.ts';
import { ControlHome, locara } from '../../../support/run-cli.ts';

const argv = ['app', 'consent', APP];
const granted = { grants: [{ capability: 'ocr:run', state: 'granted' }] };

async function appHome(changes: Partial<InstalledApp>) {
  const consents: unknown[] = [];
  const control = await ControlHome.start({
    'app.show': () => ({ app: installedApp(changes) }),
    'app.consent': ({ params }: FakeCall) => {
      consents.push(params);
      return granted;
    },
  });
  return Object.assign(control, { consents });
}

const optional = { grants: [grant('ocr:run', 'pending')] };
const ready = {
  grants: [grant('ocr:run', 'pending')],
  pending: expansion({ remainingMs: 0 }),
};
const cooling = { ...ready, pending: expansion() };

describe('an optional capability', () => {
  test('that is named is granted', async () => {
    await using control = await appHome(optional);
    const { stdout } = await locara([...argv, 'ocr:run', '--json'], control);
    expect(JSON.parse(stdout)).toEqual(granted);
    expect(control.consents).toEqual([{ appId: APP, capability: 'ocr:run' }]);
  });

  test('that is pending is asked for', async () => {
    await using control = await appHome(optional);
    const { stdout } = await locara(argv, { home: control.home, answers: 'y\n' });
    expect(stdout).toBe('ocr:run: granted\n');
  });

  test('stays pending without a yes', async () => {
    await using control = await appHome(optional);
    const { exitCode, stdout } = await locara(argv, { home: control.home, answers: 'n\n' });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'ocr:run: still pending\n' });
    expect(control.consents).toEqual([]);
  });

  test('without a terminal is refused by its name', async () => {
    await using control = await appHome(optional);
    const { exitCode, stderr } = await locara(argv, control);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('ocr:run');
    expect(control.consents).toEqual([]);
  });

  test('is granted by --yes', async () => {
    await using control = await appHome(optional);
    expect((await locara([...argv, '--yes'], control)).exitCode).toBe(0);
    expect(control.consents).toEqual([{ appId: APP, capability: 'ocr:run' }]);
  });
});

describe('what an update asks for', () => {
  test('is shown, asked for once, and bound to the digest that was shown', async () => {
    await using control = await appHome(ready);
    const { stdout, stderr } = await locara(argv, { home: control.home, answers: 'y\n' });
    expect(stderr).toContain('+ new: Read the text in images.');
    expect(stdout).toBe('the new rights: granted\n');
    expect(control.consents).toEqual([{ appId: APP, diffDigest: DIFF_DIGEST }]);
  });

  test('waits for the end of the cool-down, in words', async () => {
    await using control = await appHome(cooling);
    const { exitCode, stderr } = await locara(argv, { home: control.home, answers: 'y\n' });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('wait another 5 days 3 hours of running time');
    expect(control.consents).toEqual([]);
  });

  test('waits for it also when a capability of it is named, and with every flag', async () => {
    await using control = await appHome(cooling);
    for (const rest of [['ocr:run'], ['--yes', '--accept-risk']]) {
      const { exitCode, stdout } = await locara([...argv, ...rest, '--json'], control);
      expect(exitCode).toBe(3);
      expect(JSON.parse(stdout)).toMatchObject({
        error: {
          reason: 'CoolDown',
          details: { remainingMs: 442_800_000, diffDigest: DIFF_DIGEST },
        },
      });
    }
    expect(control.consents).toEqual([]);
  });

  test('goes with the digest when a capability of it is named', async () => {
    await using control = await appHome(ready);
    const { stderr } = await locara([...argv, 'ocr:run'], control);
    expect(stderr).toContain('+ new: Read the text in images.');
    expect(control.consents).toEqual([
      { appId: APP, capability: 'ocr:run', diffDigest: DIFF_DIGEST },
    ]);
  });

  test('needs --accept-risk beside --yes', async () => {
    await using control = await appHome(ready);
    const refused = await locara([...argv, '--yes'], control);
    expect(refused.exitCode).toBe(3);
    expect(control.consents).toEqual([]);
    await locara([...argv, '--yes', '--accept-risk'], control);
    expect(control.consents).toEqual([{ appId: APP, diffDigest: DIFF_DIGEST }]);
  });

  test('is refused without a terminal, and the ways are named', async () => {
    await using control = await appHome(ready);
    const { exitCode, stderr } = await locara(argv, control);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('--yes --accept-risk');
  });
});

test('nothing pending is said, and asks nobody', async () => {
  await using control = await appHome({});
  const { exitCode, stdout } = await locara(argv, control);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Nothing is waiting for you.\n' });
});
