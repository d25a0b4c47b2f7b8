import { rmSync } from 'node:fs';
import type { CallWire } from '../../support/call-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../../support/daemon-process.ts';
import type { RawCredentials } from '../../support/raw-client.ts';
import { createShapeInstallation } from '../../support/shape-installation.ts';
import type { Row } from '../measure.ts';
import { installApps, openApps, write } from './apps.ts';
import { benchCancel } from './cancel.ts';
import { benchFairness } from './fairness.ts';
import { benchFirstToken } from './first-token.ts';
import { benchMemory } from './memory.ts';
import { benchPrefix } from './prefix.ts';
import { benchSpeed } from './speed.ts';
import { APPS, createSubjects, type Subject } from './subject.ts';

/** The measures of language models, by the names that choose them; each takes a daemon of its own. */
export const LLM_MEASURES = {
  'llm.speed': {
    run: async ({ wires }, subject) => benchSpeed(wires, subject),
  },
  'llm.first-token': {
    run: async ({ first }, subject) => [await benchFirstToken(first, subject)],
  },
  'llm.fairness': {
    run: async ({ daemon, apps }, subject) => [await benchFairness(daemon, apps, subject)],
  },
  'llm.prefix': {
    isShapeOnly: true,
    run: async ({ first }, subject) => [await benchPrefix(first, subject)],
  },
  'llm.memory': {
    isShapeOnly: true,
    run: async ({ daemon, wires }, subject) => [await benchMemory(daemon, wires, subject)],
  },
  'llm.cancel': {
    environment: { LOCARA_LLM_SEQUENCES: '1' },
    run: async ({ first }, subject) => benchCancel(first, subject),
  },
} as const satisfies Record<string, LlmMeasure>;

interface LlmMeasure {
  readonly isShapeOnly?: true;
  readonly environment?: NodeJS.ProcessEnv;
  readonly run: (bench: LlmBench, subject: Subject) => Promise<readonly Row[]>;
}

/** A daemon, and eight apps that are connected to it. */
interface LlmBench {
  readonly daemon: DaemonProcess;
  readonly apps: readonly RawCredentials[];
  readonly wires: readonly CallWire[];
  readonly first: CallWire;
}

/** One measure, of the story teller and of the shape that is as large as a small assistant. */
export async function benchLlm(name: keyof typeof LLM_MEASURES): Promise<readonly Row[]> {
  const measure: LlmMeasure = LLM_MEASURES[name];
  const installation = createShapeInstallation();
  const { small, shape } = createSubjects(installation);
  const rows: Row[] = [];
  try {
    for (const subject of measure.isShapeOnly === true ? [shape] : [small, shape]) {
      await using daemon = await startDaemonProcess({
        installation: installation.root,
        fromBuild: true,
        environment: measure.environment ?? {},
      });
      rows.push(...(await runMeasure(daemon, measure, subject)));
    }
  } finally {
    rmSync(installation.root, { recursive: true });
  }
  return rows;
}

async function runMeasure(
  daemon: DaemonProcess,
  measure: LlmMeasure,
  subject: Subject,
): Promise<readonly Row[]> {
  const names = Array.from({ length: APPS }, (_, index) => `bench-${index}`);
  const apps = await installApps(daemon, { pin: subject.pin, names });
  const wires = await openApps(daemon, apps);
  const [first] = wires;
  if (first === undefined) throw new Error('there is no app');
  // The model is loaded before anything is timed.
  await write(first, { prompt: 'Once', maxTokens: 1 });
  const rows = await measure.run({ daemon, apps, wires, first }, subject);
  const violations = wires.flatMap((wire) => wire.violations);
  if (violations.length > 0) throw new Error(violations.join('; '));
  for (const wire of wires) wire.end();
  return rows;
}
