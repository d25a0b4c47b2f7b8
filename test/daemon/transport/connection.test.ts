import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Connection, createConnection } from '../../../daemon/transport/connection.ts';

interface Pair {
  readonly connection: Connection;
  readonly client: Socket;
  readonly events: string[];
}

async function pair(stalledWriteMs = 300, mayStall?: () => boolean): Promise<Pair> {
  const path = join(mkdtempSync(join(tmpdir(), 'locara-c-')), 's');
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect({ path, allowHalfOpen: true });
  const [socket] = await accepted;
  const events: string[] = [];
  const connection = createConnection(socket, {
    onBytes: () => events.push('bytes'),
    onEnd: () => events.push('end'),
    onClose: () => events.push('close'),
    stalledWriteMs,
    ...(mayStall === undefined ? {} : { mayStall }),
  });
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return { connection, client, events };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const line = (bytes: number) => 'x'.repeat(Math.max(0, bytes - 1));

function countBytes(client: Socket): () => number {
  let bytes = 0;
  client.on('data', (piece: Buffer) => (bytes += piece.length)).resume();
  return () => bytes;
}

test('lines arrive whole and in order, long and short ones mixed', async () => {
  // Both ends share this process: on a busy machine neither may count as stalled.
  const { connection, client } = await pair(5000);
  const sent = Array.from(
    { length: 200 },
    (_, index) => `${index}:${line((index * 977) % 200_000)}`,
  );
  const received = (async () => {
    let text = '';
    for await (const piece of client.setEncoding('utf8')) text += piece as string;
    return text;
  })();
  for (const each of sent) {
    await connection.sendInTurn(each);
  }
  connection.end();
  expect((await received) === sent.map((each) => `${each}\n`).join('')).toBe(true);
});

test('a peer that takes nothing is dropped after the stalled time', async () => {
  const { connection, client, events } = await pair(200);
  client.pause();
  connection.send(line(2 ** 21));
  await wait(100);
  expect(events).not.toContain('close');
  await expect.poll(() => events).toContain('close');
});

test('a peer that may stall is kept until it may no more', async () => {
  let mayStall = true;
  const { connection, client, events } = await pair(100, () => mayStall);
  client.pause();
  connection.send(line(2 ** 21));
  await wait(400);
  expect(events).not.toContain('close');
  mayStall = false;
  await expect.poll(() => events).toContain('close');
});

test('a peer that takes a little at a time is kept for as long as it takes', async () => {
  const { connection, client, events } = await pair(2000);
  const count = countBytes(client);
  connection.send(line(2 ** 22));
  const start = performance.now();
  while (performance.now() - start < 3000) {
    client.pause();
    await wait(200);
    client.resume();
    await wait(1);
  }
  expect(events).not.toContain('close');
  client.resume();
  await expect.poll(count).toBe(2 ** 22);
});

test('a peer that once was slow is not dropped later', async () => {
  const { connection, client, events } = await pair(1000);
  client.pause();
  // More than the kernel holds, by less than what Node calls congested.
  for (let sent = 0; sent < 40; sent += 1) connection.send(line(8 * 1024));
  await wait(50);
  const count = countBytes(client);
  await expect.poll(count).toBe(40 * 8 * 1024);
  await wait(1500);
  expect(events).not.toContain('close');
});

test('whoever waits for room gets it one after another, and the queue stays bounded', async () => {
  const { connection, client, events } = await pair(5000);
  client.pause();
  let sent = 0;
  const answers = Array.from({ length: 32 }, async () => {
    await connection.sendInTurn(line(2 ** 22));
    sent += 1;
  });
  await expect.poll(() => sent).toBe(1);
  await wait(100);
  expect(sent).toBe(1);
  const count = countBytes(client);
  await Promise.all(answers);
  await expect.poll(count).toBe(32 * 2 ** 22);
  expect(events).not.toContain('close');
});

test('a queue over 16 MiB drops the peer, and releases who waits', async () => {
  const { connection, client, events } = await pair(5000);
  client.pause();
  for (let sent = 0; sent < 5; sent += 1) connection.send(line(2 ** 22));
  await connection.sendInTurn('last');
  expect(connection.isOpen).toBe(false);
  expect(events).toContain('close');
});

test('after the end what is queued still arrives, and nothing more is read', async () => {
  const { connection, client, events } = await pair(5000);
  const count = countBytes(client);
  connection.send(line(2 ** 22));
  connection.end();
  connection.send('not this');
  client.write('nor this');
  await once(client, 'end');
  expect(count()).toBe(2 ** 22);
  expect(events).not.toContain('bytes');
});

test('a peer that keeps its end open after ours is closed is let go', async () => {
  const { connection, client, events } = await pair(60_000);
  client.resume();
  connection.end();
  await once(client, 'end');
  await expect.poll(() => events).toContain('close');
});

test('a peer that ends its side is told of, and may read on', async () => {
  const { connection, client, events } = await pair();
  client.end('last words');
  await expect.poll(() => events).toEqual(['bytes', 'end']);
  connection.send('answer');
  const [bytes] = (await once(client, 'data')) as [Buffer];
  expect(bytes.toString()).toBe('answer\n');
  connection.end();
  await expect.poll(() => events).toContain('close');
});
