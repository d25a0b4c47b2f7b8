import { registrations } from './commands/index.ts';
import { runCli } from './frame.ts';
import { VERSION } from './version.ts';

// `locara … | head` closes the pipe early: that is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  const isEarlyEnd = error.code === 'EPIPE';
  if (!isEarlyEnd) process.stderr.write(`locara: The output cannot be written (${error.code}).\n`);
  process.exit(isEarlyEnd ? 0 : 1);
});
// Notes that nobody reads any more must not end a command before it has cleaned up.
process.stderr.on('error', () => undefined);

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  environment: process.env,
  streams: process,
  signals: process,
  registrations,
  version: VERSION,
});
