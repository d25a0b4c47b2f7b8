import { registrations } from './commands/index.ts';
import { runCli } from './frame.ts';
import { VERSION } from './version.ts';

// `locara … | head` closes the pipe early: that is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  environment: process.env,
  streams: process,
  registrations,
  version: VERSION,
});
