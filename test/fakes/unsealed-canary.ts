import { tryEveryWayOut } from '../../daemon/workers/canary/engine.ts';
import type { CanaryTargets } from '../../daemon/workers/canary/ops.ts';

/** The canary's own program, in a process that nobody sealed. */
process.once('message', (targets: CanaryTargets) => {
  void tryEveryWayOut(targets).then((exits) => process.send?.(exits));
});
