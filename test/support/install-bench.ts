import { readFileSync } from 'node:fs';
import type { ConsentSummary, ControlResult } from '@locara/protocol';
import type { AppRegistry } from '../../daemon/access/apps/app-registry.ts';
import { createAppRegistry } from '../../daemon/access/apps/create-app-registry.ts';
import {
  type AppInstaller,
  type AppInstallerOptions,
  createAppInstaller,
} from '../../daemon/access/apps/install-app.ts';
import type { Blocks } from '../../daemon/access/trust/blocks.ts';
import { createExpansions, type Expansions } from '../../daemon/access/apps/expansions.ts';
import { describeInstalled } from '../../daemon/access/rights/describe-app.ts';
import type { GrantsDeps } from '../../daemon/access/rights/grants.ts';
import { createTrustList, type TrustList } from '../../daemon/access/trust/trust-list.ts';
import type { Paths } from '../../daemon/paths.ts';
import { createFakeBootClock, type FakeBootClock } from '../fakes/boot-clock.ts';
import { createRecordingAudit, type RecordingAudit } from '../fakes/recording-audit.ts';
import { silentLog } from '../fakes/silent-log.ts';
import { trustOf } from './bundles.ts';
import { createKeyPair, createPackage } from './signed-package.ts';
import { createPaths } from './home-paths.ts';

export const PIN = `stories-260k@sha256:${'a'.repeat(64)}`;
/** Trusted as “Ada”, for sideloading. */
export const key = createKeyPair();
/** Trusted as “dev”, for development. */
export const other = createKeyPair('ed25519');
export const daemonPublicKey = Buffer.alloc(32, 9);

export interface InstallBench {
  readonly paths: Paths;
  readonly registry: AppRegistry;
  readonly trustList: TrustList;
  readonly installer: AppInstaller;
  /** What the installer was made of, to make another. */
  readonly parts: AppInstallerOptions;
  readonly bootClock: FakeBootClock;
  readonly audit: RecordingAudit;
  readonly expansions: Expansions;
  /** What consent and revocation take. */
  readonly grants: GrantsDeps;
  /** The wall clock, which anybody may set. */
  setTime(time: Date): void;
  /** What the user is shown of a package by Ada. */
  inspect(overrides?: Readonly<Record<string, unknown>>): Promise<ConsentSummary>;
  /** Inspects and installs as a user who accepts everything. */
  install(
    overrides?: Readonly<Record<string, unknown>>,
    signer?: typeof key,
  ): Promise<ControlResult<'app.install'>>;
}

export const NO_BLOCKS: Blocks = {
  find: () => undefined,
  isStale: () => false,
  onChange: () => () => undefined,
};

/** The real parts of an installation in a fresh home, with a catalog of one model. */
export async function createInstallBench({
  isTrusting = true,
}: { readonly isTrusting?: boolean } = {}): Promise<InstallBench> {
  const paths = createPaths();
  const registry = await createAppRegistry({ paths, log: { warn: () => undefined } });
  const trustList = createTrustList({ path: paths.trustList });
  if (isTrusting) {
    await trustList.add({ name: 'Ada', publicKeyPem: key.publicKeyPem, scope: 'sideloading' });
    await trustList.add({ name: 'dev', publicKeyPem: other.publicKeyPem, scope: 'development' });
  }
  const bootClock = createFakeBootClock();
  const audit = createRecordingAudit();
  const expansions = createExpansions({ registry, bootClock, log: silentLog });
  let time = new Date('2026-03-01T12:00:00.000Z');
  const clock = (): Date => time;
  const parts: AppInstallerOptions = {
    registry,
    trust: trustOf(trustList),
    blocks: NO_BLOCKS,
    bootClock,
    audit,
    clock,
    paths,
    daemonPublicKey,
    findModel: (pin) => (pin === PIN ? { bytes: 1185376, installed: true } : undefined),
  };
  const installer = createAppInstaller(parts);
  const accept = async (path: string, consentDigest: string) => {
    const installed = await installer.install({ path, consentDigest, acceptRisk: true });
    return describeInstalled({ blocks: NO_BLOCKS, expansions }, installed);
  };
  return {
    paths,
    registry,
    trustList,
    installer,
    parts,
    bootClock,
    audit,
    expansions,
    grants: { registry, expansions, clock },
    setTime: (changed) => {
      time = changed;
    },
    inspect: (overrides) => installer.inspect(createPackage(key, overrides)),
    async install(overrides = {}, signer = key) {
      const path = createPackage(signer, overrides);
      const { consentDigest } = await installer.inspect(path);
      return accept(path, consentDigest);
    },
  };
}

export function readCredentials({ credentials }: { readonly credentials: string }): {
  readonly installKey: string;
  readonly manifestDigest: string;
} {
  return JSON.parse(readFileSync(credentials, 'utf8')) as ReturnType<typeof readCredentials>;
}
