import type { CallWire } from '../../support/call-wire.ts';
import { descendantsOf } from '../../support/process-tree.ts';
import type { DaemonProcess } from '../../support/daemon-process.ts';
import { createPrompt } from '../../support/prompts.ts';
import { type Row, rssMb } from '../measure.ts';
import { write } from './apps.ts';
import type { Subject } from './subject.ts';

const APPS = 5;
const TASK = { maxTokens: 24 };

/** Memory of a daemon and its workers after the first app wrote, then after five wrote at once. */
export async function benchMemory(
  daemon: DaemonProcess,
  apps: readonly CallWire[],
  subject: Subject,
): Promise<Row> {
  const wires = apps.slice(0, APPS);
  const writeAll = (some: readonly CallWire[], seed: number) =>
    Promise.all(
      some.map((wire, index) => write(wire, { ...TASK, prompt: createPrompt(16, seed + index) })),
    );
  await writeAll(wires.slice(0, 1), 60_000);
  const one = treeRssMb(daemon);
  await writeAll(wires, 60_100);
  const five = treeRssMb(daemon);
  return {
    name: `${subject.name}, memory with ${APPS} apps`,
    ours: `${(five / one).toFixed(2)}×, ${five.toFixed(0)} MB`,
    peer: `with one app ${one.toFixed(0)} MB`,
    goal: '≤ 1.2×',
  };
}

function treeRssMb({ pid }: DaemonProcess): number {
  return descendantsOf(pid).reduce((sum, child) => sum + rssMb(child.pid), rssMb(pid));
}
