import { writeProse } from '../../support/adversarial-texts.ts';
import { type DaemonProcess, startDaemonProcess } from '../../support/daemon-process.ts';
import { installSample } from '../../support/install-sample.ts';
import { descendantsOf } from '../../support/process-tree.ts';
import { authenticate, openWire, type Wire } from '../../support/raw-client.ts';
import { cpuMs, percentile, type Row, rssMb, wait } from '../measure.ts';
import { pingDuring } from '../pinger-process.ts';

const SENTENCES =
  'Please call Ann Smith at +49 30 901820 or +1 415 555 0132 and write to ann@example.org; she lives at 12 Oak Street, Springfield, IL 62704, and was born on May 5, 1990. IBAN DE89 3704 0044 0532 0130 00.';
const CALLS = 500;
const APPS = 8;
const MEGABYTE = 1024 * 1024;
const KEYS = 60_000;
const EMAILS = 30_000;
/** A message has 4 MiB; of bytes, base64 makes a third more. */
const NEAR_4_MIB_BYTES = 2.9 * MEGABYTE;

/** What apps wait for: through the socket, the daemon and the worker. */
export async function benchCalls(): Promise<readonly Row[]> {
  await using daemon = await startDaemonProcess({ fromBuild: true });
  const credentials = await installSample(daemon.controlSocket);
  const open = async (): Promise<Wire> => {
    const wire = await openWire(daemon.appSocket);
    await authenticate(wire, credentials);
    return wire;
  };
  const wire = await open();
  const rows = [await benchFirst(daemon, wire), await benchShort(wire)];
  const others = await Promise.all(Array.from({ length: APPS }, open));
  rows.push(await benchMany(others), ...(await benchPings(daemon, wire)));
  for (const each of [wire, ...others]) each.end();
  return rows;
}

async function benchFirst(daemon: DaemonProcess, wire: Wire): Promise<Row> {
  const startedAt = performance.now();
  const { pid } = await findWorker(daemon, () => redact(wire));
  const ms = performance.now() - startedAt;
  const figures = `${ms.toFixed(0)} ms (processor ${cpuMs(pid).toFixed(0)} ms, then ${rssMb(pid).toFixed(0)} MB)`;
  return { name: 'redact: the first call, which starts the worker', ours: figures };
}

/** The process that the daemon started for some work. */
async function findWorker(
  { pid }: DaemonProcess,
  work: () => Promise<unknown>,
): Promise<{ readonly pid: number }> {
  const before = listWorkers(pid);
  await work();
  const added = listWorkers(pid).find((worker) => !before.includes(worker));
  if (added === undefined) throw new Error('no worker was started');
  return { pid: added };
}

function listWorkers(pid: number): readonly number[] {
  return descendantsOf(pid).map((row) => row.pid);
}

async function benchShort(wire: Wire): Promise<Row> {
  const times: number[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    const startedAt = performance.now();
    await redact(wire);
    times.push(performance.now() - startedAt);
  }
  return {
    name: `redact: ${SENTENCES.length} characters`,
    ours: `p50 ${percentile(times, 50).toFixed(2)}, p99 ${percentile(times, 99).toFixed(2)} ms`,
  };
}

async function benchMany(wires: readonly Wire[]): Promise<Row> {
  const startedAt = performance.now();
  await Promise.all(
    wires.map(async (wire) => {
      for (let call = 0; call < CALLS; call += 1) await redact(wire);
    }),
  );
  const perSecond = (wires.length * CALLS * 1000) / (performance.now() - startedAt);
  return {
    name: `redact: ${wires.length} connections at once`,
    ours: `${perSecond.toFixed(0)} a second`,
  };
}

async function benchPings(daemon: DaemonProcess, wire: Wire): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [name, work] of Object.entries(await prepareLoads(wire))) {
    await work();
    const times = await pingDuring(daemon, async () => {
      const endsAt = performance.now() + 3000;
      while (performance.now() < endsAt) await work();
    });
    rows.push({
      name: `ping beside ${name}`,
      ours: `p50 ${percentile(times, 50).toFixed(1)}, p99 ${percentile(times, 99).toFixed(1)}, max ${Math.max(...times).toFixed(1)} ms`,
    });
  }
  return rows;
}

async function prepareLoads(wire: Wire): Promise<Record<string, () => Promise<unknown>>> {
  const key = (await ask(wire, 'vault.deriveKey', { passphrase: 'bench' }))['key'];
  const base64 = Buffer.alloc(NEAR_4_MIB_BYTES, 7).toString('base64');
  const text = writeProse(2 * MEGABYTE);
  const f32 = Buffer.from(
    Float32Array.from({ length: 384 }, (_, at) => Math.sin(at)).buffer,
  ).toString('base64');
  const vector = Array.from({ length: 384 }, (_, at) => Math.sin(at));
  const noise = { epsilon: 1, acceptUselessUtility: true };
  const vectors = (each: unknown): readonly unknown[] => Array.from({ length: 1900 }, () => each);
  const piece = Buffer.alloc(MEGABYTE, 7).toString('base64');
  const { stream } = await ask(wire, 'vault.openStream', { direction: 'encrypt', key });
  let offset = 0;
  return {
    'nothing else': () => wait(200),
    ...prepareManyValues(wire, key),
    '2.9 MiB encrypted and decrypted': async () => {
      const { envelope } = await ask(wire, 'vault.encrypt', { value: { base64 }, key });
      await ask(wire, 'vault.decrypt', { envelope, key });
    },
    'pieces of 1 MiB of a stream': async () => {
      await ask(wire, 'vault.pushStream', { stream, offset, data: piece });
      offset += MEGABYTE;
    },
    '2 MiB redacted': () => ask(wire, 'privacy.redact', { text }),
    'noise for 1900 vectors as f32': () =>
      ask(wire, 'privacy.noise', { vectors: vectors({ f32 }), encoding: 'f32', ...noise }),
    'noise for 150 vectors as numbers': () =>
      ask(wire, 'privacy.noise', { vectors: vectors(vector).slice(0, 150), ...noise }),
    'the centroid of 1900 vectors': () =>
      ask(wire, 'privacy.centroid', { vectors: vectors({ f32 }), encoding: 'f32', ...noise }),
  };
}

/** What is not long, but many. */
function prepareManyValues(
  wire: Wire,
  key: unknown,
): Readonly<Record<string, () => Promise<unknown>>> {
  const json = Object.fromEntries(Array.from({ length: KEYS }, (_, at) => [`the key ${at}`, at]));
  const text = Array.from({ length: EMAILS }, (_, at) => `ann.smith.${at}@example.org`).join(' ');
  const bins = Array.from({ length: 100 }, (_, at) => `bin ${at}`);
  const values = Array.from({ length: KEYS }, (_, at) => `bin ${at % 100}`);
  return {
    'JSON of 60,000 keys encrypted and decrypted': async () => {
      const { envelope } = await ask(wire, 'vault.encrypt', { value: { json }, key });
      await ask(wire, 'vault.decrypt', { envelope, key });
    },
    'placeholders for 30,000 addresses': () =>
      ask(wire, 'privacy.redact', { text, replacement: { mode: 'placeholder' } }),
    'a histogram of 60,000 values': () => ask(wire, 'privacy.histogram', { values, bins }),
    '65,536 draws of noise': () => ask(wire, 'privacy.drawNoise', { dimensions: 65_536, scale: 1 }),
  };
}

function redact(wire: Wire): Promise<unknown> {
  return ask(wire, 'privacy.redact', { text: SENTENCES });
}

async function ask(
  wire: Wire,
  method: string,
  params: Record<string, unknown>,
): Promise<Readonly<Record<string, unknown>>> {
  const { result, error } = await wire.call(method, params);
  // The wire searches all it has received for the answer.
  wire.received.length = 0;
  if (result === undefined) throw new Error(`${method}: ${error?.data.reason ?? 'closed'}`);
  return result;
}
