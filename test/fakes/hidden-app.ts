import { protectProcess } from '@locara/client';

/** An app that may hide its memory from its own user, and then waits. */
if (process.argv[2] === 'protected') await protectProcess();
process.stdout.write('ready\n');
process.stdin.resume();
