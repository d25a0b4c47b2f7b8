import { parseArgs } from 'node:util';
import { startDaemonProcess } from '../../support/daemon-process.ts';
import { installSample } from '../../support/install-sample.ts';
import { soak, SOAK_ENVIRONMENT, type SoakReport } from '../../support/load/soak.ts';
import type { RawCredentials } from '../../support/raw-client.ts';
import { percentile, rssMb } from '../measure.ts';

/**
 * The soak of the tests for as long as one likes: `node --conditions=locara-source test/bench/load/main.ts
 * --minutes 10 --apps 6 --seed 1`. Ends with 1 when any caller saw what none should.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    apps: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
    peaceful: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  await using daemon = await startDaemonProcess({ environment: SOAK_ENVIRONMENT, fromBuild: true });
  const apps: RawCredentials[] = [];
  for (let index = 0; index < Number(values.apps); index += 1)
    apps.push(await installSample(daemon.controlSocket, { name: `load-${index}` }));
  const before = rssMb(daemon.pid);
  const report = await soak({
    daemon,
    apps,
    durationMs: Number(values.minutes) * 60_000,
    seed: Number(values.seed),
    victims: values.peaceful
      ? []
      : [
          { model: 'stories-260k', kind: 'complete' },
          { model: 'glove-sif-96', kind: 'embed' },
        ],
  });
  print(report);
  process.stdout.write(
    `daemon ${before.toFixed(0)} MB before, ${rssMb(daemon.pid).toFixed(0)} MB after\n`,
  );
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}

function print({ outcomes, latenciesMs, kills, pingsMs, echoesMs, violations }: SoakReport): void {
  const times = (figures: readonly number[]): string =>
    [50, 99, 100].map((p) => `p${p} ${percentile(figures, p).toFixed(1)} ms`).join(', ');
  const lines = Object.entries(outcomes).map(
    ([kind, counts]) => `${kind}: ${JSON.stringify(counts)}, ${times(latenciesMs[kind] ?? [])}`,
  );
  lines.push(`workers killed: ${kills}`, `pings: ${times(pingsMs)}`, `echoes: ${times(echoesMs)}`);
  lines.push(`violations: ${violations.length}`, ...violations.slice(0, 20));
  process.stdout.write(`${lines.join('\n')}\n`);
}

await main();
