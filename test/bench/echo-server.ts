import { createServer } from 'node:net';

/** The raw peer of the round-trip bench: newline-delimited JSON parsed, answered, nothing else. */
const path = process.argv[2] ?? '';
createServer((socket) => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { id } = JSON.parse(line) as { id: number };
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: { ok: true } })}\n`);
    }
  });
}).listen(path, () => {
  process.stdout.write('ready\n');
});
