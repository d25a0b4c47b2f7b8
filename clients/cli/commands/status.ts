import { type ControlResult, describeDuration } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { formatBytes, formatTable, plain } from '../output.ts';
import { addExample } from './example.ts';

export function registerStatus(program: Command, context: CliContext): void {
  const command = program
    .command('status')
    .description('the daemon, the apps connected to it, and its workers')
    .action(async () => {
      const status = await context.control('status.get', {});
      context.print(status, renderStatus(status));
    });
  addExample(command, 'locara status');
}

function renderStatus(status: ControlResult<'status.get'>): string[] {
  const { daemon, sessions, workers, models, memory: held, filling = [] } = status;
  const memory = formatBytes(daemon.rssBytes);
  const lines = [
    `locarad ${plain(daemon.version)}, pid ${daemon.pid}, up ${describeUptime(daemon.uptimeMs)}, ${memory}`,
    `${models.installed} ${models.installed === 1 ? 'model' : 'models'} unpacked, ${formatBytes(models.bytes)}`,
    `${formatBytes(held.heldBytes)} of ${formatBytes(held.limitBytes)} for models in use, ${formatBytes(held.availableBytes)} free${PRESSURE[held.pressure]}`,
    ...filling.map(
      ({ appId, percent, limitBytes }) =>
        `${plain(appId)} uses ${percent} % of its ${formatBytes(limitBytes)}: see locara app data show ${plain(appId)}`,
    ),
    sessions.length === 0 ? 'No app is connected.' : '',
  ];
  if (sessions.length > 0) {
    const rows = sessions.map(({ appId, attestation, pid, calls }) => [
      appId,
      attestation,
      String(pid),
      String(calls),
    ]);
    lines.push(...formatTable([['APP', 'ATTESTATION', 'PID', 'CALLS'], ...rows]));
  }
  if (workers.length > 0) {
    const rows = workers.map(({ kind, model, pid, state, device, memoryBytes }) => [
      kind,
      model,
      String(pid),
      state,
      memoryBytes === undefined ? '' : formatBytes(memoryBytes),
      device,
    ]);
    const header = ['WORKER', 'MODEL', 'PID', 'STATE', 'MEMORY', 'DEVICE'];
    lines.push('', ...formatTable([header, ...rows]), ...renderReasons(workers));
  }
  return lines;
}

const PRESSURE = {
  normal: '',
  warning: '; memory is short',
  critical: '; memory is very short',
};
/** Why each engine runs where it runs; stores compute nothing. */
function renderReasons(workers: ControlResult<'status.get'>['workers']): string[] {
  return workers
    .filter(({ kind, why }) => kind !== 'store' && why !== '')
    .map(({ model, why }) => plain(`${model}: ${why}`));
}

const MINUTE_MS = 60_000;

/** Whole minutes that have passed. */
function describeUptime(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  return minutes === 0 ? 'less than a minute' : describeDuration(minutes * MINUTE_MS);
}
