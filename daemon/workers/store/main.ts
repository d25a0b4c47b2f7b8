import { serveWorker } from '../serve.ts';
import { limitMemory, STATEMENT_MEMORY_MIB } from './memory-limit.ts';
import { EXIT_COUNTED_ON } from './ops/opening-ops.ts';
import type { StoreStart } from './ops.ts';

serveWorker(process, async (start: StoreStart, seal) => {
  const { createStoreEngine } = await import('./engine.ts');
  const { gateSql } = await import('./sql-gate.ts');
  const store = createStoreEngine(start, seal);
  limitMemory(process.platform, STATEMENT_MEMORY_MIB);
  // Asked to end, it leaves one whole file behind instead of a file and its log.
  process.once('SIGTERM', () => process.exit(0));
  process.once('exit', () => {
    if (store.close()) process.exitCode = EXIT_COUNTED_ON;
  });
  return { ...store, engine: gateSql(store.engine, seal) };
});
