import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@locara/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';

interface Examination {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  readonly error: { readonly reason: string } | undefined;
}

async function doctor(home: string): Promise<Examination> {
  const { ended } = spawnCli(['doctor', '--json'], { LOCARA_HOME: home });
  const { exitCode, stdout } = await ended;
  const { findings, error } = JSON.parse(stdout) as Omit<Examination, 'exitCode'>;
  return { exitCode: exitCode ?? -1, findings, error };
}

const find = (findings: readonly Finding[], id: string): Finding | undefined =>
  findings.find((finding) => finding.id === id);

describe('with a daemon', () => {
  let home: string;
  let daemon: DaemonProcess;
  beforeAll(async () => {
    home = createHome();
    daemon = await startDaemonProcess({ home });
  });
  afterAll(async () => {
    await daemon.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });

  test('it looks at everything, and finds nothing wrong', async () => {
    const { exitCode, findings, error } = await doctor(home);
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined });
    const ids = findings.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of [
      'daemon',
      'engines',
      'engine-packages',
      'cores',
      'threads',
      'memory',
      'context',
      'audio-decoders',
      'seal',
      'place:data',
      'place:models',
      'place:logs',
      'place:run',
      'same-user',
      'service',
    ]) {
      expect(ids).toContain(id);
    }
    expect(find(findings, 'audio-decoders')?.title).toContain('WAV, MP3, FLAC, Ogg Vorbis');
    expect(find(findings, 'place:logs')?.title).toBe(`Logs: ${join(home, 'logs')}`);
  });

  test('a folder that others can enter is a warning with its cure', async () => {
    chmodSync(join(home, 'logs'), 0o755);
    const { exitCode, findings } = await doctor(home);
    chmodSync(join(home, 'logs'), 0o700);
    expect(find(findings, 'place:logs')).toMatchObject({
      level: 'warning',
      fix: `chmod 700 '${join(home, 'logs')}'`,
    });
    expect(exitCode).toBe(0);
  });

  test('a folder that is gone is a problem, and the exit code says so', async () => {
    rmSync(join(home, 'cache'), { recursive: true });
    const { exitCode, findings, error } = await doctor(home);
    mkdirSync(join(home, 'cache/models'), { recursive: true, mode: 0o700 });
    expect(find(findings, 'place:models')?.level).toBe('problem');
    expect(exitCode).toBe(1);
    expect(error?.reason).toBe('ProblemsFound');
  });

  test('for people it is lines, each with what to do', async () => {
    const { stdout, exitCode } = await spawnCli(['doctor'], { LOCARA_HOME: home }).ended;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^✓ locarad \d+\.\d+\.\d+ runs, process \d+/);
    expect(stdout).toContain('• Any program that you start outside a sandbox can do');
  });
});

describe('without a daemon', () => {
  test('it says what it can, and ends with 4', async () => {
    const home = mkdtempSync(join(tmpdir(), 'locara-doctor-'));
    const { exitCode, findings, error } = await doctor(home);
    expect(exitCode).toBe(4);
    expect(error?.reason).toBe('DaemonUnreachable');
    expect(find(findings, 'daemon')).toMatchObject({ level: 'problem' });
    expect(find(findings, 'place:data')?.title).toBe(`Data: ${join(home, 'data')}`);
    expect(find(findings, 'service')).toBeDefined();
  });
});

describe('--export-logs', () => {
  const exportLogs = async (home: string, file: string) => {
    const argv = ['doctor', '--export-logs', file, '--json'];
    const { exitCode, stdout } = await spawnCli(argv, { LOCARA_HOME: home }).ended;
    return { exitCode, document: JSON.parse(stdout) as Record<string, unknown> };
  };
  const homeWithLogs = (): string => {
    const home = mkdtempSync(join(tmpdir(), 'locara-doctor-'));
    mkdirSync(join(home, 'logs'));
    for (const [name, text] of Object.entries({ 'locarad.log': 'c\n', 'locarad.log.1': 'b\n' })) {
      writeFileSync(join(home, 'logs', name), text);
    }
    writeFileSync(join(home, 'logs/other'), 'not a log');
    return home;
  };

  test('writes all logs, the oldest first, for the user alone', async () => {
    const home = homeWithLogs();
    const file = join(home, 'out.txt');
    expect(await exportLogs(home, file)).toEqual({ exitCode: 0, document: { files: 2, bytes: 4 } });
    expect(readFileSync(file, 'utf8')).toBe('b\nc\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('never writes over a file', async () => {
    const home = homeWithLogs();
    const file = join(home, 'out.txt');
    writeFileSync(file, 'mine');
    const refused = await exportLogs(home, file);
    expect(refused).toMatchObject({ exitCode: 1, document: { error: { reason: 'Conflict' } } });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});
