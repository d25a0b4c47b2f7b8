import { type Answered, type CallWire, openCallWire } from '../../support/call-wire.ts';
import type { DaemonProcess } from '../../support/daemon-process.ts';
import { installSample } from '../../support/install-sample.ts';
import type { RawCredentials } from '../../support/raw-client.ts';
import type { Generation, Task } from '../generation.ts';

/** Installs apps that may use that model and nothing else. */
export async function installApps(
  { controlSocket }: DaemonProcess,
  { pin, names }: { readonly pin: string; readonly names: readonly string[] },
): Promise<readonly RawCredentials[]> {
  const installed: RawCredentials[] = [];
  for (const name of names) {
    const changes = { name, models: [pin], modalities: ['text-to-text'], storage: undefined };
    installed.push(await installSample(controlSocket, changes));
  }
  return installed;
}

export function openApps(
  { appSocket }: DaemonProcess,
  credentials: readonly RawCredentials[],
): Promise<readonly CallWire[]> {
  return Promise.all(credentials.map((app) => openCallWire(appSocket, app)));
}

/** The greedy continuation of a prompt. Throws when there is none. */
export async function write(wire: CallWire, task: Task): Promise<Generation> {
  const answered = await wire.call('llm.complete', { ...task, temperature: 0 });
  const tokens = countTokens(answered);
  const seconds = (answered.endedAtMs - answered.startedAtMs) / 1000;
  return {
    tokens,
    tokensPerSecond: tokens / seconds,
    firstTokenMs: firstTokenAtMs(answered) - answered.startedAtMs,
    cpuUsPerToken: NaN,
    text: answered.result?.['content'] as string,
  };
}

/** Tokens of the answer. Throws when it is an error. */
export function countTokens({ result, error }: Answered): number {
  if (error !== undefined) throw new Error(`${error.data.reason}: ${error.message}`);
  return (result?.['usage'] as { completionTokens: number }).completionTokens;
}

/** A text may begin with a piece of a character: then its end is the first that is seen of it. */
export function firstTokenAtMs({ pieces, endedAtMs }: Answered): number {
  return pieces[0]?.atMs ?? endedAtMs;
}
