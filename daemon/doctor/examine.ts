import type { Finding } from '@locara/protocol';
import type { Config } from '../config.ts';
import type { MemoryStatus } from '../scheduler/engines.ts';
import type { WorkerStatus } from '../workers/worker.ts';
import { examineDecoders, examineEngines, examineThreads } from './examine-engines.ts';
import type { CustodyState } from '../stores/keys/key-custody.ts';
import { examineKeys } from './examine-keys.ts';
import { examineMemory } from './examine-memory.ts';
import { examinePlaces } from './examine-places.ts';
import type { PrivacyCapability } from '../privacy/capabilities/examine-privacy.ts';
import { describePrivacy } from './examine-privacy.ts';
import {
  describeSameUser,
  examineLandlock,
  examineSandbox,
  examineSeal,
  examineStoreWalls,
} from './examine-walls.ts';

export interface ExamineDeps {
  readonly version: string;
  readonly config: Config;
  readonly engines: () => readonly WorkerStatus[];
  readonly memory: () => MemoryStatus;
  readonly keys: () => Promise<CustodyState>;
  readonly privacy: () => Promise<readonly PrivacyCapability[]>;
}

/** Everything the daemon can find out about itself, each thing looked at now. */
export async function examine(deps: ExamineDeps): Promise<Finding[]> {
  const { version, config, engines, memory } = deps;
  const [seal, storeWalls, sandbox, keys, privacy] = await Promise.all([
    examineSeal(),
    examineStoreWalls(),
    examineSandbox(config.bubblewrap),
    deps.keys(),
    deps.privacy(),
  ]);
  return [
    {
      id: 'daemon',
      level: 'ok',
      title: `locarad ${version} runs, process ${process.pid}, on Node ${process.versions.node}.`,
      detail: `Apps reach it at ${config.paths.appSocket}`,
    },
    ...examineEngines(config, engines()),
    ...examineThreads(config),
    ...examineMemory(memory()),
    examineDecoders(),
    seal,
    storeWalls,
    ...examineLandlock(),
    ...sandbox,
    examineKeys(keys),
    ...describePrivacy(privacy),
    ...examinePlaces(config.paths),
    describeSameUser(),
  ];
}
