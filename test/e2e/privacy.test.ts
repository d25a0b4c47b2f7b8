import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@locara/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';

const CANARY = 'canary-71c3';
const TEXT = `Write to ${CANARY}@example.org or john@example.com, card 4111-1111-1111-1111.`;

let daemon: DaemonProcess;
let client: Client;
let findings: readonly { readonly id: string; readonly title: string }[];
beforeAll(async () => {
  daemon = await startDaemonProcess();
  const credentials = await installSample(daemon.controlSocket);
  // Before this process holds a session: afterwards it is an app, and what it starts is refused.
  const { stdout } = await spawnCli(['doctor', '--json'], { LOCARA_HOME: daemon.home }).ended;
  ({ findings } = JSON.parse(stdout) as { findings: typeof findings });
  client = createClient({ credentials });
});
afterAll(async () => {
  await client.close();
  await daemon[Symbol.asyncDispose]();
});

test('what LocalMode redacts is redacted, and named as it names it', async () => {
  const { text, entities } = await client.privacy.redact({ text: TEXT });
  expect(text).toBe('Write to [EMAIL] or [EMAIL], card [CREDITCARD].');
  expect(entities.map(({ entity }) => entity)).toEqual([
    'EMAIL_ADDRESS',
    'EMAIL_ADDRESS',
    'CREDIT_CARD',
  ]);
  expect(JSON.stringify(entities)).not.toContain(CANARY);
  const detected = await client.privacy.detect({ text: TEXT, patterns: ['email'] });
  expect(detected.entities).toEqual(entities.slice(0, 2));
});

test('placeholders are put back in whatever text has them', async () => {
  const replacement = { mode: 'placeholder' } as const;
  const { text, restoreId = '' } = await client.privacy.redact({ text: TEXT, replacement });
  expect(text).toBe('Write to [EMAIL_1] or [EMAIL_2], card [CREDITCARD_1].');
  expect(await client.privacy.restore({ text, restoreId })).toEqual({ text: TEXT, restored: 3 });
  const next = await client.privacy.redact({ text: 'JOHN@example.com', replacement, restoreId });
  expect(next.text).toBe('[EMAIL_2]');
  expect(await client.privacy.forget({ restoreId })).toEqual({ forgotten: true });
  await expect(client.privacy.restore({ text, restoreId })).rejects.toMatchObject({
    reason: 'NotFound',
  });
});

test('what this computer has for privacy is told to apps and to the user in the same words', async () => {
  const { capabilities } = await client.privacy.capabilities();
  expect(capabilities.map(({ id }) => id)).toEqual([
    'argon2',
    'hardwareAes',
    'keyring',
    'secureEnclave',
    'sealedWorker',
    'memoryLocking',
  ]);
  expect(capabilities).toContainEqual(
    expect.objectContaining({ id: 'sealedWorker', available: true }),
  );
  for (const { id, uses } of capabilities) {
    expect(findings).toContainEqual(expect.objectContaining({ id: `privacy:${id}`, title: uses }));
  }
});

test('a text of which nothing is left is embedded as any text without a known word', async () => {
  const pipeline = [{ redact: { replacement: { mode: 'drop' as const } } }];
  const { embeddings, privacy } = await client.embed.create({
    input: ['john@example.com', 'a cat'],
    pipeline,
  });
  expect(embeddings).toHaveLength(2);
  expect(Math.hypot(...(embeddings[0] as number[]))).toBeCloseTo(1, 5);
  expect(privacy).toEqual({ redacted: { EMAIL_ADDRESS: 1 } });
});

test('no text that was given to privacy is in an error, a log or a file of the daemon', async () => {
  const replacement = { mode: 'block' } as const;
  const errors = await Promise.all(
    [
      client.privacy.redact({ text: TEXT, replacement }),
      client.privacy.redact({ text: TEXT, custom: [{ name: 'x', pattern: '(' }] }),
      client.privacy.restore({ text: TEXT, restoreId: 'none' }),
      client.privacy.redact({ text: TEXT, replacement: { mode: 'pseudonym' } }).then(() => 'none'),
    ].map((call: Promise<unknown>) => call.catch((error: unknown) => error)),
  );
  expect(JSON.stringify(errors)).not.toContain(CANARY);
  expect(errors[0]).toMatchObject({ reason: 'Conflict', details: { rule: 'pii_found' } });
  for (const folder of ['logs', 'data']) {
    for (const entry of readdirSync(join(daemon.home, folder), {
      recursive: true,
      withFileTypes: true,
    })) {
      if (!entry.isFile()) continue;
      expect(readFileSync(join(entry.parentPath, entry.name), 'latin1')).not.toContain(CANARY);
    }
  }
});
