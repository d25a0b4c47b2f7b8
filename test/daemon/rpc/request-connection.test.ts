import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OpenCalls } from '../../../daemon/rpc/open-calls.ts';
import { createRequestConnection } from '../../../daemon/rpc/request-connection.ts';
import { silentLog } from '../../fakes/silent-log.ts';

test('the end of a peer’s side is heard after the calls that it sent before, and those have a turn to be answered', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'locara-rc-')), 's');
  const server = createServer({ allowHalfOpen: true }).listen(path);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const peer = connect({ path, allowHalfOpen: true });
  const [socket] = await accepted;
  onTestFinished(() => {
    peer.destroy();
    socket.destroy();
    server.close();
  });
  const begun = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<undefined>();
  const heard: string[] = [];
  createRequestConnection(socket, {
    calls: new OpenCalls(),
    maxBytes: () => 1024,
    isReading: () => true,
    onRequest: ({ method }) => {
      heard.push(method);
      if (method === 'long') return { begun: begun.promise, answered: Promise.resolve() };
      const answered = takeSteps(20).then(() => void heard.push('answered'));
      return { answered };
    },
    onBroken: (error) => heard.push(error.message),
    onEnd: () => {
      heard.push('end');
      ended.resolve(undefined);
    },
    onClose: () => undefined,
    onDrop: () => undefined,
    stalledWriteMs: 30_000,
    log: silentLog,
    readMemory: { erase: () => undefined },
  });
  peer.end(
    ['long', 'short']
      .map((method) => `{"jsonrpc":"2.0","id":"${method}","method":"${method}"}\n`)
      .join(''),
  );
  await once(socket, 'end');
  expect(heard).toEqual(['long']);
  begun.resolve(undefined);
  await ended.promise;
  expect(heard).toEqual(['long', 'short', 'answered', 'end']);
});

/** As many as an answer may need within one turn of the event loop. */
async function takeSteps(steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) await Promise.resolve();
}
