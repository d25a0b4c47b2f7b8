import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BUNDLE_FILE, MANIFEST_FILE } from '@locara/protocol';
import { createKeylessVerifier } from '../../daemon/access/trust/create-keyless-verifier.ts';
import { type AppInstaller, createAppInstaller } from '../../daemon/access/apps/install-app.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { createInstallBench, key } from '../support/install-bench.ts';
import { createSigningKey, manifest, writePackage } from '../support/install-sample.ts';
import { openWire, type Wire } from '../support/raw-client.ts';
import { createPackage } from '../support/signed-package.ts';
import { createSigstoreLab } from '../support/sigstore-lab.ts';
import { percentile, type Row } from './measure.ts';

const INSTALLS = 50;
/** Installs before the first that counts: code is loaded and compiled. */
const WARM_UP = 5;
const NS_PER_MS = 1e6;

/** How long installs keep others waiting: by another process's pings of the daemon, and by the loop of this process. */
export async function benchInstalls(daemon: DaemonProcess): Promise<readonly Row[]> {
  return [await benchPings(daemon), await benchManagedKeys(), await benchKeyless()];
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

async function pingDuring(
  daemon: DaemonProcess,
  work: () => Promise<unknown>,
): Promise<readonly number[]> {
  const pinger = fork(join(import.meta.dirname, 'pinger.ts'), [daemon.appSocket]);
  await once(pinger, 'message');
  await work();
  const told = once(pinger, 'message') as Promise<[number[]]>;
  pinger.send('stop');
  return (await told)[0];
}

/** The same installer, alone in this process, where the delay of the loop itself can be read. */
async function benchManagedKeys(): Promise<Row> {
  const { installer } = await createInstallBench();
  return benchLoop('50 installs, delay of the event loop', installer, createPackages());
}

/** Signed by a Sigstore instance of our own: each is verified twice, in a process of its own. */
async function benchKeyless(): Promise<Row> {
  const lab = await createSigstoreLab();
  const signer = { san: 'release@acme.example', issuer: 'https://issuer.example' };
  const { parts, trustList } = await createInstallBench();
  await trustList.addIdentity({
    name: 'lab',
    identity: signer.san,
    issuer: signer.issuer,
    trustedRoot: lab.trustedRootText,
    scope: 'sideloading',
  });
  const keyless = createKeylessVerifier();
  const installer = createAppInstaller({ ...parts, trust: { ...parts.trust, keyless } });
  const paths = createPackages();
  for (const path of paths) {
    const bundle = await lab.signMessage(readFileSync(join(path, MANIFEST_FILE)), signer);
    writeFileSync(join(path, BUNDLE_FILE), bundle);
  }
  return benchLoop('50 keyless installs, delay of the event loop', installer, paths);
}

function createPackages(): readonly string[] {
  return Array.from({ length: WARM_UP + INSTALLS }, (_, index) =>
    createPackage(key, { name: `bench-${index}` }),
  );
}

async function benchLoop(
  name: string,
  installer: AppInstaller,
  paths: readonly string[],
): Promise<Row> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  for (const [index, path] of paths.entries()) {
    if (index === WARM_UP) delays.enable();
    const { consentDigest } = await installer.inspect(path);
    await installer.install({ path, consentDigest, acceptRisk: true });
  }
  delays.disable();
  const inMs = (nanoseconds: number): string => (nanoseconds / NS_PER_MS).toFixed(1);
  return {
    name,
    ours: `p99 ${inMs(delays.percentile(99))} ms, longest ${inMs(delays.max)} ms, 1 ms of which is the timer's`,
    goal: '≤ 5 ms',
  };
}
