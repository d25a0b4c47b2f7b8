import { createSystemKeyring } from '../../stores/keys/system-keyring.ts';
import type { LoadOps } from '../../workers/engine.ts';
import type { PrivacyOps } from '../../workers/privacy/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import { createPrivacyProbes, examinePrivacy, type PrivacyCapability } from './examine-privacy.ts';
import { rememberFor } from './remember-for.ts';

const KEYRING_TIMEOUT_MS = 5000;
const KEYRING_PROBE = 'privacy-probe';
const WORKER_TIMEOUT_MS = 20_000;
/** Each look starts processes: apps must not have them started at will. */
const LOOK_AGAIN_MS = 60_000;

/** What this computer has for privacy, looked at once a minute at most. */
export function createExamination(
  worker: Pick<Worker<PrivacyOps & LoadOps>, 'call'>,
): () => Promise<readonly PrivacyCapability[]> {
  const keyring = createSystemKeyring({ timeoutMs: KEYRING_TIMEOUT_MS });
  const probes = createPrivacyProbes({
    askKeyring: () => keyring.get(KEYRING_PROBE),
    askWorker: () => worker.call('load', undefined, { deadlineMs: WORKER_TIMEOUT_MS }),
  });
  return rememberFor(LOOK_AGAIN_MS, () => examinePrivacy(probes));
}
