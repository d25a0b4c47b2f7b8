import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { openControlWire } from '../support/control-wire.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { createSigningKey, installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

interface Entry {
  readonly n: number;
  readonly event: string;
  readonly appId?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

let home: string;
let daemon: DaemonProcess;
let control: Wire;
let credentials: RawCredentials;

async function start(): Promise<void> {
  daemon = await startDaemonProcess({ home });
  control = await openControlWire(daemon.controlSocket);
}

async function show(params: object = {}): Promise<Entry[]> {
  const { result } = await control.call('audit.show', { limit: 1000, ...params });
  return result?.['entries'] as Entry[];
}

/** The daemon loses its life between two instructions, as with a power cut. */
async function kill(): Promise<void> {
  control.end();
  const exited = once(daemon.child, 'exit');
  daemon.child.kill('SIGKILL');
  await exited;
}

beforeAll(async () => {
  home = createHome();
  daemon = await startDaemonProcess({ home });
  credentials = await installSample(daemon.controlSocket);
  control = await openControlWire(daemon.controlSocket);
});
afterAll(async () => {
  control.end();
  await daemon.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function openSession(): Promise<Wire> {
  const wire = await openWire(daemon.appSocket);
  expect((await authenticate(wire, credentials)).error).toBeUndefined();
  return wire;
}

async function logOf(wire: Wire): Promise<Record<string, unknown>[]> {
  const { result } = await wire.call('audit.capabilityLog', {});
  return result?.['entries'] as Record<string, unknown>[];
}

describe('what the user decides', () => {
  test('is asked for in the log, without path or name, before it holds', async () => {
    const asked = (await show()).filter(({ event }) => event === 'decision.asked');
    expect(asked.map(({ fields }) => fields['method'])).toEqual(['app.install', 'trust.add']);
    const text = JSON.stringify(asked);
    expect(text).not.toContain('key notes');
    expect(text).not.toContain(tmpdir());
  });

  test('is in the log after kill -9, once it was acknowledged', async () => {
    for (let round = 0; round < 3; round += 1) {
      const before = (await show()).length;
      const answers = await Promise.all(
        Array.from({ length: 5 }, (_, key) =>
          control.call('trust.add', {
            name: `key ${round} ${key}`,
            publicKeyPem: createSigningKey().publicPem,
          }),
        ),
      );
      expect(answers.map(({ error }) => error)).toEqual(Array.from({ length: 5 }, () => undefined));
      await kill();
      await start();
      expect((await control.call('audit.verify', {})).result).toMatchObject({ ok: true });
      const asked = (await show())
        .slice(0, -before)
        .filter(({ fields }) => fields['method'] === 'trust.add');
      expect(asked).toHaveLength(5);
    }
  });
});

describe('what an app uses and is denied', () => {
  test('is in its own log at once, and in the user’s', async () => {
    const appId = credentials.appId;
    await control.call('app.revoke', { appId, capability: 'ocr:run' });
    const wire = await openSession();
    await wire.call('db.exec', { sql: 'CREATE TABLE IF NOT EXISTS t (x)' });
    await wire.call('ocr.recognize', {});
    await wire.call('ocr.recognize', {});
    await wire.call('session.info', {});
    const entries = await logOf(wire);
    expect(entries).toEqual([
      expect.objectContaining({
        capability: 'ocr:run',
        method: 'ocr.recognize',
        outcome: 'denied',
        count: 2,
      }),
      expect.objectContaining({
        capability: 'store:write',
        method: 'db.exec',
        outcome: 'used',
        count: 1,
      }),
      expect.objectContaining({
        capability: 'store:sql',
        method: 'db.exec',
        outcome: 'used',
        count: 1,
      }),
    ]);
    const events = (await show({ appId })).map(({ event }) => event);
    expect(events.filter((event) => event.startsWith('capability.')).toSorted()).toEqual([
      'capability.denied',
      'capability.used',
      'capability.used',
    ]);
    wire.end();
  });

  test('survives a restart', async () => {
    const wire = await openSession();
    const before = await logOf(wire);
    wire.end();
    control.end();
    expect(await daemon.stop()).toBe(0);
    await start();
    const again = await openSession();
    expect(await logOf(again)).toEqual(before);
    again.end();
  });

  test('a call that a revocation ends is a denial', async () => {
    const wire = await openSession();
    const prompt = { prompt: 'Once', maxTokens: 1500, temperature: 1 };
    const running = wire.call('llm.complete', prompt, 'long');
    await wire.next(({ method }) => method === '$/chunk');
    await control.call('app.revoke', { appId: credentials.appId, capability: 'llm:generate' });
    expect((await running).error?.data.reason).toBe('CapabilityDenied');
    expect((await logOf(wire))[0]).toMatchObject({
      capability: 'llm:generate',
      method: 'llm.complete',
      outcome: 'denied',
    });
    wire.end();
  });
});

describe('locara audit', () => {
  const locara = (...argv: readonly string[]) => spawnCli(argv, { LOCARA_HOME: home }).ended;

  test('show lists the newest first', async () => {
    const { exitCode, stdout } = await locara('audit', 'show', '--limit', '3');
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    const { entries } = JSON.parse(
      (await locara('audit', 'show', '--app', 'acme/none', '--json')).stdout,
    ) as { entries: [] };
    expect(entries).toEqual([]);
  });

  test('export writes what an auditor can verify with the daemon’s public key alone', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'locara-x-')), 'audit.jsonl');
    const { exitCode } = await locara('audit', 'export', path);
    expect(exitCode).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const { checkpoint, publicKey } = JSON.parse(lines.pop() ?? '') as {
      checkpoint: Record<string, unknown>;
      publicKey: string;
    };
    expect(publicKey).toBe(credentials.daemonPublicKey);
    let prev = checkpoint['anchorHash'];
    for (const line of lines) {
      const { hash, ...entry } = JSON.parse(line) as Record<string, unknown>;
      expect(entry['prev']).toBe(prev);
      // The keys of a line are sorted: without its hash, it is what was hashed.
      const hashed = line.replace(`"hash":"${String(hash)}",`, '');
      expect(createHash('sha256').update(hashed).digest('hex')).toBe(hash);
      prev = hash;
    }
    expect(checkpoint['hash']).toBe(prev);
    const { signature, ...body } = checkpoint;
    const key = createPublicKey({
      format: 'jwk',
      key: {
        kty: 'OKP',
        crv: 'Ed25519',
        x: Buffer.from(publicKey, 'base64').toString('base64url'),
      },
    });
    const signed = Buffer.from(`locara-audit/1\n${JSON.stringify(body)}`);
    expect(verify(null, signed, key, Buffer.from(String(signature), 'base64'))).toBe(true);
    expect((await locara('audit', 'export', path)).exitCode).toBe(1);
  });

  test('verify says that the log holds, and exits 1 saying where when it does not', async () => {
    const good = await locara('audit', 'verify');
    expect(good).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('holds') as string });
    const folder = join(home, 'data/audit');
    const path = join(folder, readdirSync(folder)[0] ?? '');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('trust.add', 'trust.xxx'));
    const bad = await locara('audit', 'verify');
    expect(bad).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('entry 2') as string,
    });
    const document = JSON.parse((await locara('audit', 'verify', '--json')).stdout) as object;
    expect(document).toMatchObject({ ok: false, at: 2, error: { reason: 'Conflict' } });
    writeFileSync(path, text);
    expect((await locara('audit', 'verify')).exitCode).toBe(0);
  });
});

describe('a disk that is full', () => {
  test('lets nothing be widened, and everything be narrowed', async () => {
    control.end();
    await daemon.stop();
    daemon = await startDaemonProcess({ home, wrapper: ['prlimit', '--fsize=60'] });
    control = await openControlWire(daemon.controlSocket);
    const { appId } = credentials;
    const widened = await control.call('app.consent', { appId, capability: 'ocr:run' });
    expect(widened.error).toMatchObject({
      message: expect.stringContaining('audit log') as string,
      data: { reason: 'InsufficientResources', details: { resource: 'disk' } },
    });
    await control.call('app.revoke', { appId, capability: 'store:sql' });
    const wire = await openSession();
    expect((await wire.call('db.query', {})).error?.data.details).toMatchObject({
      capability: 'store:sql',
    });
    const denied = await logOf(wire);
    expect(denied[0]).toMatchObject({ capability: 'store:sql', outcome: 'denied' });
    wire.end();
    expect((await control.call('audit.verify', {})).result).toMatchObject({ ok: false });
  });

  test('with room again, the log goes on and holds', async () => {
    control.end();
    expect(await daemon.stop()).toBe(0);
    await start();
    expect((await control.call('audit.verify', {})).result).toMatchObject({ ok: true });
    const { appId } = credentials;
    expect(
      (await control.call('app.consent', { appId, capability: 'ocr:run' })).error,
    ).toBeUndefined();
  });
});
