import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';

test('every example of the page of names runs as printed', async () => {
  await using daemon = await startDaemonProcess();
  await installSample(daemon.controlSocket);
  const root = join(import.meta.dirname, '../..');
  const ofPage = listExamples(join(root, 'clients/typescript/localmode.md'));
  const ofReadme = listExamples(join(root, 'clients/typescript/README.md'));
  const examples = [...ofPage, ...ofReadme.filter((code) => code.includes('decryptString'))];
  expect(examples).toHaveLength(6);
  const folder = mkdtempSync(join(tmpdir(), 'locara-page-'));
  const credentials = join(daemon.home, 'data/apps/acme/notes/credentials.json');
  const env = { ...process.env, LOCARA_CREDENTIALS: credentials };
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const code of examples) {
      const how = ['--conditions=locara-source', '--input-type=module-typescript', '--eval', code];
      const { stdout } = await promisify(execFile)(process.execPath, how, { cwd: folder, env });
      expect(stdout).not.toBe('');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

function listExamples(path: string): string[] {
  const page = readFileSync(path, 'utf8');
  return [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
}
