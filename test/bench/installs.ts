import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLE_FILE, MANIFEST_FILE } from '@locara/protocol';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { createSigningKey, manifest, writePackage } from '../support/install-sample.ts';
import { openWire, type Wire } from '../support/raw-client.ts';
import { createSigstoreLab } from '../support/sigstore-lab.ts';
import { percentile, type Row } from './measure.ts';
import { pingDuring } from './pinger-process.ts';

const INSTALLS = 50;
/** Installs before the first that counts: code is loaded and compiled. */
const WARM_UP = 5;

/** How long installs keep others waiting: by another process's pings of a daemon, and by a daemon's own loop. */
export async function benchInstalls(daemon: DaemonProcess): Promise<readonly Row[]> {
  const asSigned = (): Promise<void> => Promise.resolve();
  return [
    await benchPings(daemon),
    await benchLoop('50 installs, delay of the event loop', asSigned),
    await benchLoop('50 keyless installs, delay of the event loop', signKeyless),
  ];
}

async function benchPings(daemon: DaemonProcess): Promise<Row> {
  const signing = createSigningKey();
  const paths = Array.from({ length: INSTALLS }, (_, index) =>
    writePackage(manifest({ name: `bench-${index}` }), signing),
  );
  const control = await openWire(daemon.controlSocket);
  await call(control, 'trust.add', { name: 'bench', publicKeyPem: signing.publicPem });
  const quiet = await pingDuring(daemon, () => new Promise((done) => setTimeout(done, 1000)));
  const busy = await pingDuring(daemon, async () => {
    for (const path of paths) await install(control, path);
  });
  control.end();
  const describe = (times: readonly number[]): string =>
    `p99 ${percentile(times, 99).toFixed(1)} ms, longest ${Math.max(...times).toFixed(1)} ms`;
  return {
    name: '50 installs, pings of another process meanwhile',
    ours: describe(busy),
    peer: `without installs ${describe(quiet)}`,
  };
}

async function install(control: Wire, path: string): Promise<void> {
  const { summary } = await call(control, 'app.inspect', { path });
  const { consentDigest } = summary as { consentDigest: string };
  await call(control, 'app.install', { path, consentDigest, acceptRisk: true });
}

async function call(
  control: Wire,
  method: string,
  params: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { result, error } = await control.call(method, params);
  if (result === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
  return result;
}

/** The delay of a daemon's own loop while it installs packages that `prepare` may sign anew. */
async function benchLoop(
  name: string,
  prepare: (control: Wire, paths: readonly string[]) => Promise<void>,
): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'locara-b-'));
  const report = join(folder, 'loop.json');
  const probe = join(import.meta.dirname, 'loop-probe.ts');
  await using daemon = await startDaemonProcess({
    environment: { NODE_OPTIONS: `--import=${probe}`, LOCARA_LOOP_PROBE: report },
    fromBuild: true,
  });
  const signing = createSigningKey();
  const paths = Array.from({ length: WARM_UP + INSTALLS }, (_, index) =>
    writePackage(manifest({ name: `bench-${index}` }), signing),
  );
  const control = await openWire(daemon.controlSocket);
  await call(control, 'trust.add', { name: 'bench', publicKeyPem: signing.publicPem });
  await prepare(control, paths);
  for (const [index, path] of paths.entries()) {
    if (index === WARM_UP) process.kill(daemon.pid, 'SIGUSR2');
    await install(control, path);
  }
  process.kill(daemon.pid, 'SIGUSR2');
  while (!existsSync(report)) await call(control, 'app.list', {});
  control.end();
  const { p99Ms, maxMs } = JSON.parse(readFileSync(report, 'utf8')) as LoopDelay;
  rmSync(folder, { recursive: true });
  const ours = `p99 ${p99Ms.toFixed(1)} ms, longest ${maxMs.toFixed(1)} ms, 1 ms of which is the timer's`;
  return { name, ours, goal: '≤ 5 ms' };
}

interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Signed by a Sigstore instance of our own: each is verified twice, in a process of its own. */
async function signKeyless(control: Wire, paths: readonly string[]): Promise<void> {
  const lab = await createSigstoreLab();
  const signer = { san: 'release@acme.example', issuer: 'https://issuer.example' };
  await call(control, 'trust.addIdentity', {
    name: 'lab',
    identity: signer.san,
    issuer: signer.issuer,
    trustedRoot: lab.trustedRootText,
  });
  for (const path of paths) {
    const bundle = await lab.signMessage(readFileSync(join(path, MANIFEST_FILE)), signer);
    writeFileSync(join(path, BUNDLE_FILE), bundle);
  }
}
