import { randomInt } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Wire } from './raw-client.ts';

/** Why real sandboxes cannot be made here; undefined where they can. */
export function findSandboxObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  const flags = ['--unshare-all', '--unshare-user', '--ro-bind', '/', '/', '--proc', '/proc'];
  const { status } = spawnSync('bwrap', [...flags, '--', 'true']);
  return status === 0 ? undefined : 'bubblewrap is missing or may not make namespaces here';
}

/** A folder with one program in it. */
export function writeProgram(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'locara-program-'));
  writeFileSync(join(folder, 'main.mjs'), source);
  return folder;
}

export interface RunEnd {
  readonly exitCode: number | undefined;
  readonly error: { readonly reason: string; readonly rule: unknown } | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningApp {
  readonly run: string;
  readonly attestation: string;
  readonly id: number;
  readonly ended: Promise<RunEnd>;
  /** Resolves when the app has written this line. */
  printed(line: string): Promise<void>;
}

/** One `app.run` on a control connection. */
export async function runApp(
  wire: Wire,
  params: Record<string, unknown>,
  id = randomInt(1, 2 ** 31),
): Promise<RunningApp> {
  const chunks = () =>
    wire.received
      .filter(({ method, params: notice }) => method === '$/chunk' && notice?.['id'] === id)
      .map(({ params: notice }) => notice?.['chunk'] as Record<string, unknown>);
  const textOf = (name: string): string =>
    chunks()
      .map((chunk) => Buffer.from((chunk[name] as string | undefined) ?? '', 'base64').toString())
      .join('');
  wire.send({ jsonrpc: '2.0', id, method: 'app.run', params });
  const ended = wire
    .next((message) => message.id === id && message.method === undefined)
    .then(({ result, error }) => ({
      exitCode: result?.['exitCode'] as number | undefined,
      error: error && { reason: error.data.reason, rule: error.data.details?.['rule'] },
      stdout: textOf('stdout'),
      stderr: textOf('stderr'),
    }));
  await Promise.race([wire.next(() => chunks().length > 0), ended]);
  const started = chunks()[0]?.['started'] as { run: string; attestation: string } | undefined;
  return {
    run: started?.run ?? '',
    attestation: started?.attestation ?? '',
    id,
    ended,
    printed: async (line) => {
      await wire.next(() => textOf('stdout').split('\n').includes(line));
    },
  };
}
