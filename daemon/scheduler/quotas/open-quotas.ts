import type { BootClock } from '../../clock/boot-clock.ts';
import { describeError, type Log } from '../../log.ts';
import { createTaskQueue } from '../../task-queue.ts';
import { createQuotaClock, type QuotaClockOptions } from './quota-clock.ts';
import type { QuotaLimits } from './quota-limits.ts';
import { createTokenQuotas, type TokenQuotas } from './token-quotas.ts';
import { readUse, writeUse } from './use-file.ts';

export interface QuotasOptions {
  /** Where the use of the day outlives the daemon. */
  readonly path: string;
  readonly settings: QuotaLimits;
  readonly bootClock: BootClock;
  readonly log: Pick<Log, 'warn'>;
  /** Other clocks than the system's. */
  readonly clocks?: Omit<QuotaClockOptions, 'bootClock'>;
}

export interface OpenQuotas extends TokenQuotas {
  /** Writes down the use of the day as it is now. Never throws: what cannot be written still counts here. */
  save(): Promise<void>;
  /** Saves what has not been. */
  close(): Promise<void>;
}

/** So much use may be forgotten when the daemon is killed, beside the calls that ran. */
const SAVE_AFTER_MS = 30_000;

/**
 * Goes on counting where an earlier daemon stopped. A file that cannot be relied on stops nothing and gives
 * nothing away: every app is then taken to have used its day evenly.
 */
export async function openQuotas(options: QuotasOptions): Promise<OpenQuotas> {
  const { path, settings, bootClock, log, clocks } = options;
  const stored = await readUse(path);
  const isDamaged = stored !== undefined && 'problem' in stored;
  if (isDamaged) log.warn('quotas.damaged', { reason: stored.problem });
  const known = isDamaged ? undefined : stored;
  const clock = createQuotaClock({ ...clocks, bootClock }, known?.mark);
  const unknown = { apps: new Map(), unknownBeforeMs: isDamaged ? clock.now() : undefined };

  const inTurn = createTaskQueue();
  let timer: NodeJS.Timeout | undefined;
  const saveLater = (): void => {
    timer ??= setTimeout(() => void save(), SAVE_AFTER_MS).unref();
  };
  const quotas = createTokenQuotas({
    clock,
    settings,
    earlier: known?.use ?? unknown,
    onUse: saveLater,
  });
  const save = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    return inTurn(async () => {
      try {
        await writeUse(path, { mark: clock.mark(), use: quotas.dayUse() });
      } catch (error) {
        log.warn('quotas.notSaved', describeError(error));
        saveLater();
      }
    });
  };
  const idle = () => inTurn(() => Promise.resolve());
  return { ...quotas, save, close: () => (timer === undefined ? idle() : save()) };
}
