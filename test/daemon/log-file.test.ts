import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogFile } from '../../daemon/log-file.ts';

const createFolder = () => mkdtempSync(join(tmpdir(), 'locara-l-'));

test('lines are on the disk when the call returns, in a file of the user alone', () => {
  const path = join(createFolder(), 'log');
  writeFileSync(path, 'before\n', { mode: 0o644 });
  new LogFile(path).write('one\n');
  expect(readFileSync(path, 'utf8')).toBe('before\none\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a large file is set aside while the daemon runs, and the oldest is let go', () => {
  const folder = createFolder();
  const file = new LogFile(join(folder, 'log'), 10);
  for (let line = 0; line < 12; line += 1) file.write(`line ${String(line).padStart(5, '0')}\n`);
  expect(readdirSync(folder).sort()).toEqual(['log', 'log.1', 'log.2', 'log.3', 'log.4']);
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('line 00011\n');
  expect(readFileSync(join(folder, 'log.4'), 'utf8')).toBe('line 00007\n');
});

test('a symbolic link in the place of the log is not followed', () => {
  const folder = createFolder();
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'log'));
  expect(() => new LogFile(join(folder, 'log'))).toThrow('ELOOP');
});

test('a full disk loses lines and nothing else, and the next line that fits is whole', () => {
  const path = join(createFolder(), 'log');
  const script = `
    import { LogFile } from ${JSON.stringify(join(import.meta.dirname, '../../daemon/log-file.ts'))};
    import { truncateSync } from 'node:fs';
    process.on('SIGXFSZ', () => undefined);
    const file = new LogFile(${JSON.stringify(path)}, 1e9);
    for (let line = 0; line < 500; line += 1) file.write('x'.repeat(99) + '\\n');
    truncateSync(${JSON.stringify(path)}, 50);
    file.write('after\\n');
    console.log('alive');`;
  const { stdout } = spawnSync(
    'prlimit',
    ['--fsize=2048', process.execPath, '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect(stdout).toBe('alive\n');
  expect(readFileSync(path, 'utf8')).toBe(`${'x'.repeat(50)}\nafter\n`);
});
