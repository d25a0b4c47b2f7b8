import { describe, expect, test } from 'vitest';
import { createAppProcesses } from '../../../daemon/access/app-processes.ts';
import { createLaunches } from '../../../daemon/sandbox/launches.ts';
import { silentLog } from '../../fakes/silent-log.ts';
import { createInstallBench, NO_BLOCKS } from '../../support/install-bench.ts';
import { rejectionOf } from '../../support/signed-package.ts';

describe.runIf(process.platform === 'linux')('launching', () => {
  test('a blocked app is refused as its install would be, and before anything is tried', async () => {
    const bench = await createInstallBench();
    const { registry, paths, audit } = bench;
    await bench.install();
    const block = { reason: 'It was taken over.', advisory: 'https://a.example/1', seq: 3 };
    const launches = createLaunches({
      paths,
      version: '0.0.0',
      bubblewrap: '/nonexistent',
      registry,
      blocks: { ...NO_BLOCKS, find: () => block },
      appProcesses: createAppProcesses(() => []),
      audit,
      log: silentLog,
    });
    const { signal } = new AbortController();
    const start = () => launches.start({ appId: 'acme/notes', command: ['true'] }, signal);
    const refusal = await rejectionOf(start);
    expect(refusal.reason).toBe('CapabilityDenied');
    expect(refusal.message).toBe('This app is blocked: It was taken over. See https://a.example/1');
    expect(refusal.details).toEqual({ rule: 'blocked', ...block });
    expect(audit.decisions.map(({ event }) => event)).not.toContain('app.launched');
  });
});
