import { LIMITS, type Progress, PROGRESS_STAGES } from '@locara/protocol';

/** Turns a call's progress into at most ten notices a second, stages only ever forwards. */
export function createProgressSender(
  send: (progress: Progress) => void,
  now: () => number = performance.now.bind(performance),
): (progress: Progress) => void {
  const minGapMs = 1000 / LIMITS.maxProgressPerSecond;
  let lastStage = -1;
  let lastSentAt = -Infinity;
  return (progress) => {
    const stage = PROGRESS_STAGES.indexOf(progress.stage);
    if (stage < lastStage) return;
    const at = now();
    const isRepeat = stage === lastStage;
    if (isRepeat && at - lastSentAt < minGapMs) return;
    lastStage = stage;
    lastSentAt = at;
    send(progress);
  };
}
