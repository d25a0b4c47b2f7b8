import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded into a daemon by NODE_OPTIONS: at the first SIGUSR2 it begins to watch the delay of its event loop,
 * at the second it writes `{p99Ms, maxMs}` to the file that LOCARA_LOOP_PROBE names.
 */
const NS_PER_MS = 1e6;
const delays = monitorEventLoopDelay({ resolution: 1 });
let isWatching = false;

process.on('SIGUSR2', () => {
  if (!isWatching) {
    isWatching = delays.enable();
    return;
  }
  delays.disable();
  const seen = { p99Ms: delays.percentile(99) / NS_PER_MS, maxMs: delays.max / NS_PER_MS };
  writeFileSync(process.env['LOCARA_LOOP_PROBE'] ?? '', JSON.stringify(seen));
});
