import { type ConsentSummary, describeDuration, LIMITS } from '@locara/protocol';
import type { Look } from '../output.ts';
import { plain } from '../output.ts';
import { renderDiff } from './render-diff.ts';

/** What an update changes against the installed version, and what follows from that. */
export function renderUpdate({ appId, version, update }: ConsentSummary, look: Look): string[] {
  if (update === undefined) return [];
  const { fromVersion, diff, isExpansion } = update;
  const heading =
    fromVersion === version
      ? `Version ${plain(version)} is installed already.`
      : `It replaces version ${plain(fromVersion)} by ${plain(version)}:`;
  return [
    heading,
    ...renderDiff(diff, look),
    isExpansion
      ? describeWait(appId, LIMITS.coolDownMs)
      : 'It asks for nothing new: there is nothing to wait for.',
  ];
}

/** What happens to the new rights of an update. */
export function describeWait(appId: string, remainingMs: number): string {
  const until =
    remainingMs > 0
      ? `wait ${describeDuration(remainingMs)} of running time and for your consent`
      : 'wait for your consent';
  return `The app keeps what it had; the new rights ${until}: locara app consent ${plain(appId)}`;
}
