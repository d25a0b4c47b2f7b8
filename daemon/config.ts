import * as z from 'zod';
import { LIMITS, type MacCodeIdentity } from '@locara/protocol';
import type { MemorySettings } from './scheduler/memory/memory-budget.ts';
import { currentPathsEnvironment, type Paths, resolvePaths } from './paths.ts';
import type { QuotaLimits } from './scheduler/quotas/quota-limits.ts';
import { type Cores, readCores } from './scheduler/threads/cores.ts';

const milliseconds = (fallback: number) => z.coerce.number().int().min(0).default(fallback);
const tokens = (fallback: number) =>
  z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).default(fallback);

/** Every setting, once: its variable, its range, its default. */
const Settings = z.object({
  LOCARA_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  LOCARA_THREADS: z.coerce.number().int().min(1).max(256).optional(),
  LOCARA_ENGINE_PACKAGES: z.string().startsWith('/').optional(),
  LOCARA_AUTH_TIMEOUT_MS: milliseconds(5000),
  LOCARA_DRAIN_TIMEOUT_MS: milliseconds(10_000),
  LOCARA_WORKER_IDLE_MS: milliseconds(300_000),
  LOCARA_MAX_CONNECTIONS_PER_APP: z.coerce.number().int().min(1).max(4096).default(64),
  LOCARA_STALLED_WRITE_MS: milliseconds(30_000),
  LOCARA_CONCURRENT_CALLS: z.coerce.number().int().min(1).max(4096).default(LIMITS.maxCallsPerApp),
  LOCARA_TOKENS_PER_MINUTE: tokens(10_000_000),
  LOCARA_TOKENS_PER_DAY: tokens(1_000_000_000),
  LOCARA_LLM_SEQUENCES: z.coerce.number().int().min(1).max(32).default(8),
  LOCARA_OPEN_STORES: z.coerce.number().int().min(1).max(1024).default(64),
  LOCARA_MEMORY_LIMIT_MB: z.coerce.number().int().min(1).optional(),
  LOCARA_MEMORY_WAIT_MS: milliseconds(30_000),
  LOCARA_CONTEXT_TOKENS: z.coerce
    .number()
    .int()
    .min(128)
    .max(2 ** 24)
    .optional(),
  LOCARA_BLOB_TTL_MS: milliseconds(3_600_000),
  LOCARA_MASTER_KEY: z.enum(['keyring', 'file']).optional(),
  LOCARA_STOP_WITH_STDIN: z.literal('1').optional(),
  LOCARA_BUBBLEWRAP: z.string().startsWith('/').optional(),
  NOTIFY_SOCKET: z.string().optional(),
});

export interface Config {
  readonly paths: Paths;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Processor cores the engines may count on. */
  readonly cores: Cores;
  /** Threads of the engines as the user set them; else the policy decides. */
  readonly threads: number | undefined;
  /** Where GPU builds of the engine are, on Linux. */
  readonly enginePackages: string | undefined;
  readonly authTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly workerIdleMs: number;
  readonly maxConnectionsPerApp: number;
  /** A peer that reads nothing for this long while answers wait is dropped. */
  readonly stalledWriteMs: number;
  readonly llmSequences: number;
  /** Stores that may have a process at once; the longest idle makes room. */
  readonly openStores: number;
  /** What one app may ask of the language models, unless its manifest says less. */
  readonly quotas: QuotaLimits;
  readonly memory: MemorySettings;
  readonly blobTtlMs: number;
  /** What protects the keys of a new home; `automatic` is the keyring where one works, else a file. */
  readonly masterKey: 'keyring' | 'file' | 'automatic';
  /** What macOS must recognise in whoever uses the control socket; absent in builds that no team signed. */
  readonly commandLineCode: MacCodeIdentity | undefined;
  /** Stop when standard input ends: whoever started this daemon is gone. */
  readonly stopWithStdin: boolean;
  /** The sandbox program where the user says it is; else the places of the system are tried. */
  readonly bubblewrap: string | undefined;
  /** systemd's notification socket, when started by it. */
  readonly notifySocket: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings; throws with the variable's name and rule when one is wrong. */
export function readConfig(environment: Environment = process.env): Config {
  const parsed = Settings.safeParse(environment);
  if (!parsed.success) {
    const rules = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`Invalid settings: ${rules.join('; ')}`);
  }
  const settings = parsed.data;
  return {
    paths: resolvePaths(currentPathsEnvironment(environment)),
    logLevel: settings.LOCARA_LOG_LEVEL,
    cores: readCores(),
    threads: settings.LOCARA_THREADS,
    enginePackages: settings.LOCARA_ENGINE_PACKAGES,
    authTimeoutMs: settings.LOCARA_AUTH_TIMEOUT_MS,
    drainTimeoutMs: settings.LOCARA_DRAIN_TIMEOUT_MS,
    workerIdleMs: settings.LOCARA_WORKER_IDLE_MS,
    maxConnectionsPerApp: settings.LOCARA_MAX_CONNECTIONS_PER_APP,
    stalledWriteMs: settings.LOCARA_STALLED_WRITE_MS,
    llmSequences: settings.LOCARA_LLM_SEQUENCES,
    openStores: settings.LOCARA_OPEN_STORES,
    quotas: {
      concurrentCalls: settings.LOCARA_CONCURRENT_CALLS,
      tokensPerMinute: settings.LOCARA_TOKENS_PER_MINUTE,
      tokensPerDay: settings.LOCARA_TOKENS_PER_DAY,
    },
    memory: {
      limitBytes: toBytes(settings.LOCARA_MEMORY_LIMIT_MB),
      maxContextTokens: settings.LOCARA_CONTEXT_TOKENS,
      waitMs: settings.LOCARA_MEMORY_WAIT_MS,
    },
    blobTtlMs: settings.LOCARA_BLOB_TTL_MS,
    masterKey: settings.LOCARA_MASTER_KEY ?? defaultMasterKey(environment['LOCARA_HOME']),
    commandLineCode: nameCommandLine(environment['LOCARA_TEAM_ID']),
    stopWithStdin: settings.LOCARA_STOP_WITH_STDIN === '1',
    bubblewrap: settings.LOCARA_BUBBLEWRAP,
    notifySocket: settings.NOTIFY_SOCKET,
  };
}

/** A portable home keeps everything under its one folder. */
function defaultMasterKey(home: string | undefined): 'file' | 'automatic' {
  return home === undefined || home === '' ? 'automatic' : 'file';
}

function toBytes(mib: number | undefined): number | undefined {
  return mib === undefined ? undefined : mib * 2 ** 20;
}

const COMMAND_LINE_BUNDLE = 'app.locara.cli';

/** The team id is checked where the paths are made of it, and once more before it enters a code requirement. */
function nameCommandLine(teamId: string | undefined): MacCodeIdentity | undefined {
  return teamId === undefined || teamId === ''
    ? undefined
    : { bundleId: COMMAND_LINE_BUNDLE, teamId };
}
