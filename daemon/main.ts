import { readConfig } from './config.ts';
import { startDaemon } from './daemon.ts';
import { createFileLog, describeError } from './log.ts';
import { notifySystemd } from './notify-systemd.ts';

/** Process entry of locarad: settings, signals, exit codes. */
async function main(): Promise<void> {
  // A full disk (RLIMIT_FSIZE) must fail the write, not end the process.
  process.on('SIGXFSZ', () => undefined);
  const config = readConfig();
  const log = createFileLog(config.paths.logs, config.logLevel);
  const daemon = await startDaemon(config, log);

  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) return;
    isStopping = true;
    log.info('daemon.stopping', { signal });
    notifySystemd(config.notifySocket, 'STOPPING=1');
    void daemon.stop().then(
      () => {
        log.info('daemon.stopped');
        log.flush();
        process.exit(0);
      },
      (error: unknown) => {
        log.error('daemon.stopFailed', describeError(error));
        log.flush();
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => undefined);
  process.on('uncaughtException', (error) => {
    log.error('daemon.bug', describeError(error));
    log.flush();
    process.exit(70);
  });

  notifySystemd(config.notifySocket, 'READY=1');
  process.stdout.write(`ready ${config.paths.appSocket}\n`);
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : 'unknown failure';
  process.stderr.write(`locarad: ${message}\n`);
  process.exit(1);
});
