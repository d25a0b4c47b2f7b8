import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createBootClock } from '../../daemon/clock/boot-clock.ts';
import { createPrivacy, type Privacy } from '../../daemon/privacy/create-privacy.ts';
import { createRecordingAudit, type RecordingAudit } from '../fakes/recording-audit.ts';
import { silentLog } from '../fakes/silent-log.ts';
import { makeTemporaryFolder } from './temporary-store.ts';

/** All of privacy, real, in a folder of its own; its worker starts when it is first needed. */
export function openPrivacy(): Privacy & { readonly audit: RecordingAudit } {
  const folder = makeTemporaryFolder();
  const audit = createRecordingAudit();
  const privacy = createPrivacy({
    paths: {
      vault: (appId) => join(folder, 'vaults', appId),
      privacy: (appId) => join(folder, 'privacy', appId),
      privacyKey: (appId) => join(folder, 'keys', `${appId}.key`),
    },
    audit,
    bootClock: createBootClock(),
    log: silentLog,
    idleMs: 60_000,
  });
  onTestFinished(() => privacy.close());
  return { ...privacy, audit };
}
