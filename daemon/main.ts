import { readConfig } from './config.ts';
import { startDaemon } from './daemon.ts';
import { createFileLog, describeError } from './log.ts';
import { notifySystemd } from './notify-systemd.ts';

/** Process entry of locarad: settings, signals, exit codes. */
async function main(): Promise<void> {
  // A full disk (RLIMIT_FSIZE) must fail the write, not end the process; a closed terminal is no reason to stop.
  for (const signal of ['SIGXFSZ', 'SIGHUP'] as const) process.on(signal, () => undefined);
  // Whoever started the daemon may have stopped listening.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const config = readConfig();
  const stopSignal = new Promise<string>((resolve) => {
    process.on('SIGTERM', resolve);
    process.on('SIGINT', resolve);
    if (config.stopWithStdin) {
      process.stdin.resume().on('close', () => {
        resolve('end of stdin');
      });
    }
  });
  const log = createFileLog(config.paths.logs, config.logLevel);
  process.on('uncaughtException', (error) => {
    log.error('daemon.bug', describeError(error));
    process.exit(70);
  });
  const daemon = await startDaemon(config, log);
  notifySystemd(config.notifySocket, 'READY=1');
  process.stdout.write(`ready ${config.paths.appSocket}\n`);

  // A signal during the start is obeyed here, once there is something whole to stop.
  const signal = await stopSignal;
  log.info('daemon.stopping', { signal });
  notifySystemd(config.notifySocket, 'STOPPING=1');
  try {
    await daemon.stop();
  } catch (error) {
    log.error('daemon.stopFailed', describeError(error));
    process.exit(1);
  }
  log.info('daemon.stopped');
  process.exit(0);
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : 'unknown failure';
  process.stderr.write(`locarad: ${message}\n`);
  process.exit(1);
});
