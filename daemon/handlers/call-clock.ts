import type { Progress, ProgressStage } from '@locara/protocol';

/** How long one call spent in each stage, milliseconds. */
export interface CallClock {
  /** The call is in this stage from now on. */
  enter(stage: ProgressStage): void;
  /** Enters the stage of a report and passes it on. */
  follow(report: (progress: Progress) => void): (progress: Progress) => void;
  /** Time in these stages so far. */
  spentMs(...stages: readonly ProgressStage[]): number;
  totalMs(): number;
}

export function createCallClock(stage: ProgressStage, now = () => performance.now()): CallClock {
  const startedAt = now();
  const spent = new Map<ProgressStage, number>();
  let current = stage;
  let enteredAt = startedAt;

  const enter = (next: ProgressStage): void => {
    const at = now();
    spent.set(current, (spent.get(current) ?? 0) + at - enteredAt);
    current = next;
    enteredAt = at;
  };

  return {
    enter,
    follow: (report) => (progress) => {
      enter(progress.stage);
      report(progress);
    },
    spentMs: (...stages) => {
      enter(current);
      return stages.reduce((sum, name) => sum + (spent.get(name) ?? 0), 0);
    },
    totalMs: () => now() - startedAt,
  };
}
