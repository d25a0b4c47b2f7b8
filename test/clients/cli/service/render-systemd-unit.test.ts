import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderSystemdUnit } from '../../../../clients/cli/service/render-systemd-unit.ts';
import { TEMPLATES, sampleService } from './sample.ts';

const hasSystemdAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

function render(root?: string): string {
  return renderSystemdUnit(TEMPLATES.linux, sampleService('linux', root));
}

test('renders the agreed unit', async () => {
  await expect(render()).toMatchFileSnapshot('../../../fixtures/service/locarad.service');
});

test('quotes and escapes awkward paths as systemd reads them', () => {
  const unit = renderSystemdUnit(TEMPLATES.linux, {
    ...sampleService('linux', '/home/a b/"q" $x\\y%'),
    program: '/opt/a b/100% $x/node',
  });
  expect(unit).toContain(
    String.raw`ExecStart=":/opt/a b/100%% $x/node" "--enable-source-maps" "/home/a b/\"q\" $x\\y%%/daemon`,
  );
  expect(unit).toContain(String.raw`Environment="LOCARA_HOME=/home/a b/\"q\" $x\\y%%/home"`);
  expect(unit).toContain(String.raw`ReadWritePaths='-/home/a b/"q" $x\y%%/home/data'`);
});

test.each(['"', "'", '\\'])('refuses a program path with %s, as systemd would', (character) => {
  expect(() => render(`/opt/a${character}b`)).toThrow('move this installation');
});

test('refuses a path with a line break, which would add a setting', () => {
  expect(() => render('/a\nExecStartPre=/bin/sh')).toThrow('line break');
});

test('refuses a folder that systemd could not read back', () => {
  const service = { ...sampleService('linux'), folders: [`/a"b'c`] };
  expect(() => renderSystemdUnit(TEMPLATES.linux, service)).toThrow('both kinds of quotes');
});

describe.runIf(hasSystemdAnalyze)('systemd-analyze verify', () => {
  function verify(change: (unit: string) => string): readonly string[] {
    const root = join(mkdtempSync(join(tmpdir(), 'locara unit-')), '100% $x <&>');
    mkdirSync(root);
    writeFileSync(join(root, 'node'), '#!/bin/sh\n', { mode: 0o755 });
    const unit = join(root, 'locarad.service');
    writeFileSync(unit, change(render(root)));
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--user', unit], {
      env: { ...process.env, XDG_RUNTIME_DIR: root },
      encoding: 'utf8',
    });
    return stderr.split('\n').filter((line) => line.includes('locarad.service'));
  }

  test('has nothing to say, awkward paths included', () => {
    expect(verify((unit) => unit)).toEqual([]);
  });

  test('would notice a wrong setting', () => {
    const complaints = verify((unit) => unit.replace('KillMode=mixed', 'KillMode=nonsense'));
    expect(complaints.join()).toContain('kill mode');
  });
});
