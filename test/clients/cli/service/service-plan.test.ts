import { describe, expect, test } from 'vitest';
import { toPlanLines } from '../../../../clients/cli/service/print-plan.ts';
import {
  planService,
  RETRY_DELAY_MS,
  type ServicePlan,
  type ServiceVerb,
} from '../../../../clients/cli/service/service-plan.ts';
import type { ServicePlatform } from '../../../../clients/cli/service/service-folders.ts';
import { sampleService } from './sample.ts';

function plan(platform: ServicePlatform, verb: ServiceVerb): ServicePlan {
  return planService({
    platform,
    verb,
    service: sampleService(platform),
    definitions: '/home/ada/definitions',
    definition: 'the definition\n',
    uid: 501,
  });
}

describe('on macOS', () => {
  test('install removes an older agent before it places and loads the new one', () => {
    expect(toPlanLines(plan('darwin', 'install'))).toEqual([
      'run launchctl bootout gui/501/app.locara.locarad  (may fail)',
      'make folder /opt/locara/home/data (0700)',
      'make folder /opt/locara/home/config (0700)',
      'make folder /opt/locara/home/cache (0700)',
      'make folder /opt/locara/home/logs (0700)',
      'make folder /opt/locara/home/run (0700)',
      'make folder /home/ada/definitions (0700)',
      'write /home/ada/definitions/app.locara.locarad.plist (0644)',
      '    the definition',
      'run launchctl enable gui/501/app.locara.locarad',
      'run launchctl bootstrap gui/501 /home/ada/definitions/app.locara.locarad.plist',
    ]);
  });

  test.each([
    [
      'uninstall',
      [
        'run launchctl bootout gui/501/app.locara.locarad  (may fail)',
        'remove /home/ada/definitions/app.locara.locarad.plist',
      ],
    ],
    [
      'start',
      [
        'run launchctl bootstrap gui/501 /home/ada/definitions/app.locara.locarad.plist  (may fail)',
        'run launchctl kickstart gui/501/app.locara.locarad',
      ],
    ],
    ['stop', ['run launchctl bootout gui/501/app.locara.locarad  (may fail)']],
    [
      'restart',
      [
        'run launchctl bootout gui/501/app.locara.locarad  (may fail)',
        'run launchctl bootstrap gui/501 /home/ada/definitions/app.locara.locarad.plist',
      ],
    ],
    ['status', ['run launchctl print gui/501/app.locara.locarad']],
  ] as const)('%s is one fixed list of steps', (verb, lines) => {
    expect(toPlanLines(plan('darwin', verb))).toEqual(lines);
  });

  test('loading is tried again until the old agent must have ended', () => {
    const [bootout, bootstrap] = plan('darwin', 'restart').steps.map((step) =>
      step.kind === 'run' ? step.attempts : 0,
    );
    expect(bootout).toBe(1);
    const waitMs = (bootstrap ?? 0) * RETRY_DELAY_MS;
    expect(waitMs).toBeGreaterThan(sampleService('darwin').stopTimeoutSeconds * 1000);
    expect(waitMs).toBeLessThan(60_000);
  });
});

describe('on Linux', () => {
  test('install places the unit, enables it and moves a running daemon to it', () => {
    expect(toPlanLines(plan('linux', 'install'))).toEqual([
      'make folder /opt/locara/home/data (0700)',
      'make folder /opt/locara/home/config (0700)',
      'make folder /opt/locara/home/cache (0700)',
      'make folder /opt/locara/home/cache/tmp (0700)',
      'make folder /opt/locara/home/logs (0700)',
      'make folder /opt/locara/home/run (0700)',
      'make folder /home/ada/definitions (0700)',
      'write /home/ada/definitions/locarad.service (0644)',
      '    the definition',
      'run systemctl --user daemon-reload',
      'run systemctl --user enable locarad.service',
      'run systemctl --user reset-failed locarad.service  (may fail)',
      'run systemctl --user restart locarad.service',
    ]);
  });

  test.each([
    [
      'uninstall',
      [
        'run systemctl --user disable --now locarad.service  (may fail)',
        'remove /home/ada/definitions/locarad.service',
        'run systemctl --user daemon-reload',
        'run systemctl --user reset-failed locarad.service  (may fail)',
      ],
    ],
    ['start', ['run systemctl --user start locarad.service']],
    ['stop', ['run systemctl --user stop locarad.service']],
    ['restart', ['run systemctl --user restart locarad.service']],
    [
      'status',
      [
        'run systemctl --user show --property=LoadState,ActiveState,MainPID,ExecMainStatus locarad.service',
      ],
    ],
  ] as const)('%s is one fixed list of steps', (verb, lines) => {
    expect(toPlanLines(plan('linux', verb))).toEqual(lines);
  });
});
