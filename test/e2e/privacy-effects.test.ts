import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

const CANARY = 'canary-52ab';
const TEXT = `${CANARY}@example.org, 078-05-1121 no, SSN 536-90-4399, IBAN DE89 3704 0044 0532 0130 00, NINO AB123456C`;

interface Entry {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

let daemon: DaemonProcess;
let credentials: RawCredentials;
let wire: Wire;
beforeAll(async () => {
  daemon = await startDaemonProcess();
  credentials = await installSample(daemon.controlSocket);
  wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
});
afterAll(async () => {
  wire.end();
  await daemon[Symbol.asyncDispose]();
});

async function call(method: string, params: object): Promise<Record<string, unknown>> {
  const { result, error } = await wire.call(method, params);
  expect(error).toBeUndefined();
  return result ?? {};
}

test('the audit tells what was redacted by type, noised by cost and encrypted by number, and nothing of what it was', async () => {
  const { entities } = await call('privacy.redact', { text: TEXT });
  const found = (entities as { entity: string }[]).map(({ entity }) => entity);
  expect(found).toEqual(expect.arrayContaining(['EMAIL_ADDRESS', 'IBAN_CODE', 'UK_NINO']));
  const kdf = { memoryKib: 19 * 1024, passes: 2, lanes: 1 };
  const { key } = await call('vault.deriveKey', { passphrase: `${CANARY} long`, kdf });
  await call('privacy.budget.create', { budget: CANARY, maxEpsilon: 1, onExhausted: 'warn' });
  const dp = { epsilon: 1, acceptUselessUtility: true, budget: CANARY, subject: CANARY };
  const pipeline = [{ redact: {} }, { dp }, { encrypt: { key } }];
  const { privacy } = await call('embed.create', { input: [TEXT, 'plain'], pipeline });
  expect(privacy).toMatchObject({
    redacted: { EMAIL_ADDRESS: 1, IBAN_CODE: 1, UK_NINO: 1 },
    // Two records of what the allowance has for one: it warns, and the answer says so.
    dp: { cost: { records: 2, rho: 0.035926 }, budget: { isExhausted: true } },
    encrypted: 2,
  });
  wire.end();

  const argv = ['audit', 'show', '--json', '--app', credentials.appId];
  const { stdout } = await spawnCli(argv, { LOCARA_HOME: daemon.home }).ended;
  expect(stdout).not.toContain(CANARY);
  expect(stdout).not.toContain('DE89');
  const entries = findEntries(JSON.parse(stdout));
  const fieldsOf = (event: string, method: string) =>
    entries.find((entry) => entry.event === event && entry.fields['method'] === method)?.fields;
  const counts = { EMAIL_ADDRESS: 1, IBAN_CODE: 1, UK_NINO: 1 };
  for (const method of ['privacy.redact', 'embed.create']) {
    expect(fieldsOf('privacy.redacted', method)).toMatchObject(counts);
    expect(fieldsOf('privacy.redacted', method)).not.toHaveProperty('CUSTOM');
  }
  expect(fieldsOf('privacy.noised', 'embed.create')).toMatchObject({
    microRho: 71_852,
    records: 2,
  });
  expect(fieldsOf('privacy.encrypted', 'embed.create')).toMatchObject({ values: 2 });
});

function findEntries(shown: unknown): readonly Entry[] {
  return Array.isArray(shown) ? (shown as Entry[]) : (shown as { entries: Entry[] }).entries;
}
