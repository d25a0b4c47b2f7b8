import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { speakOver, type Wire } from './raw-client.ts';

/** Relays between two sockets, and ends with either. */
const RELAY = `
const [shell, ...paths] = process.argv.slice(1);
function relay() {
  // As long as the shell lives, this is a descendant of the test.
  if (process.ppid === Number(shell)) return setTimeout(relay, 2);
  const [test, daemon] = paths.map((path) => require('node:net').connect(path));
  test.pipe(daemon).pipe(test);
  for (const socket of [test, daemon]) {
    socket.on('error', () => process.exit(1));
    socket.on('close', () => process.exit());
  }
}
relay();
`;

/**
 * The control socket as the user's own terminal reaches it: from a process that is no child of this one,
 * which plays an app and is therefore refused. The shell ends at once, so the relay has another parent.
 */
export async function openControlWire(path: string): Promise<Wire> {
  const folder = mkdtempSync(join(tmpdir(), 'locara-r-'));
  const meeting = join(folder, 'relay.sock');
  const server = createServer().listen(meeting);
  await once(server, 'listening');
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const command = '"$0" -e "$1" $$ "$2" "$3" &';
  spawn('sh', ['-c', command, process.execPath, RELAY, meeting, path], { stdio: 'ignore' });
  const [socket] = await connected;
  server.close();
  socket.once('close', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return Object.assign(speakOver(socket), { socket });
}
