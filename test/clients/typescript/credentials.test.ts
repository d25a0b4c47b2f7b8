import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@locara/client';
import { describe, expect, test, vi } from 'vitest';
import { FakeDaemon } from '../../fakes/fake-daemon.ts';

describe('credentials', () => {
  test.each([
    ['no file', () => '/nowhere/credentials.json'],
    ['no JSON', () => fileWith('PRIVATE KEY')],
    ['a field missing', () => fileWith('{"appId":"a/b"}')],
  ])('with %s are a ClientError that quotes nothing', async (_, credentials) => {
    const error: unknown = await createClient({ credentials: credentials() })
      .connect()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CredentialsMissing' });
    expect(String(error)).not.toContain('PRIVATE');
  });

  test('are read again at each connect', async () => {
    await using daemon = await FakeDaemon.start({
      handlers: { 'daemon.ping': () => ({ ok: true }) },
    });
    const path = fileWith(JSON.stringify({ ...daemon.credentials, appId: 'acme/other' }));
    await using client = createClient({ credentials: path });
    const first = await client.connect();
    expect(first.app.id).toBe('acme/other');
    writeFileSync(path, JSON.stringify(daemon.credentials));
    for (const connection of daemon.connections) connection.destroy();
    await vi.waitFor(async () => {
      expect((await client.connect()).app.id).toBe('acme/notes');
    }, 30_000);
  });

  test('come from LOCARA_CREDENTIALS when no option names them', async () => {
    await using daemon = await FakeDaemon.start();
    vi.stubEnv('LOCARA_CREDENTIALS', fileWith(JSON.stringify(daemon.credentials)));
    await using client = createClient();
    expect((await client.connect()).app.id).toBe('acme/notes');
    vi.unstubAllEnvs();
    await expect(createClient().connect()).rejects.toMatchObject({ code: 'CredentialsMissing' });
  });
});

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'locara-credentials-')), 'credentials.json');
  writeFileSync(path, text);
  return path;
}
