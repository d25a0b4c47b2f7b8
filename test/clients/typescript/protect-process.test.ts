import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { protectProcess } from '@locara/client';
import { describe, expect, test } from 'vitest';

const FAKES = join(import.meta.dirname, '../../fakes');
const FLAGS = ['--conditions=locara-source'];
/** Root may look into everything: as root, both play a user without rights. */
const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

type Report = Readonly<Record<string, 'done' | 'refused'>>;

async function probe(kind: 'open' | 'protected'): Promise<Report> {
  const app = spawn(process.execPath, [...FLAGS, join(FAKES, 'hidden-app.ts'), kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...user,
  });
  await once(app.stdout, 'data');
  const argv = [...FLAGS, join(FAKES, 'process-prober.ts'), String(app.pid)];
  const output = execFileSync(process.execPath, argv, { encoding: 'utf8', ...user });
  app.kill('SIGKILL');
  await once(app, 'exit');
  return JSON.parse(output) as Report;
}

describe.runIf(process.platform === 'linux')('attack 16: a protected app', () => {
  test('shows its memory, environment and descriptors to no other program of its user', async () => {
    expect(new Set(Object.values(await probe('protected')))).toEqual(new Set(['refused']));
  });

  test('and without protection the same probes get in: they can tell', async () => {
    const report = await probe('open');
    expect(report).toMatchObject({ environ: 'done', maps: 'done' });
    // Yama, where it is on, refuses the rest to whoever is no parent.
    expect(Object.values(report)).toContain('done');
  });
});

test('a system without such a call says so', async () => {
  await expect(protectProcess('win32')).rejects.toMatchObject({ code: 'ProtectionUnavailable' });
});
