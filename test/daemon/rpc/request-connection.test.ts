import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OpenCalls } from '../../../daemon/rpc/open-calls.ts';
import {
  createRequestConnection,
  type RequestConnectionOptions,
} from '../../../daemon/rpc/request-connection.ts';
import { silentLog } from '../../fakes/silent-log.ts';

interface Serving {
  readonly onRequest: RequestConnectionOptions['onRequest'];
  readonly onEnd?: () => void;
}

/** A connection that is served so, and the peer at its other end. */
async function connectPair({ onRequest, onEnd = () => undefined }: Serving) {
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
  createRequestConnection(socket, {
    calls: new OpenCalls(),
    maxBytes: () => 1024,
    isReading: () => true,
    onRequest,
    onEnd,
    onBroken: (error) => {
      throw error;
    },
    onClose: () => undefined,
    onDrop: () => undefined,
    stalledWriteMs: 30_000,
    log: silentLog,
    readMemory: { erase: () => undefined },
  });
  return { peer, socket };
}

const linesOf = (...methods: readonly string[]): string =>
  methods.map((method) => `{"jsonrpc":"2.0","id":"${method}","method":"${method}"}\n`).join('');

test('others come between the messages of one read that take their time', async () => {
  const heard: string[] = [];
  const ended = Promise.withResolvers<undefined>();
  const { peer } = await connectPair({
    onRequest: ({ method }) => {
      heard.push(method);
      setImmediate(() => heard.push('others'));
      const until = performance.now() + 5;
      while (performance.now() < until);
      return { answered: Promise.resolve() };
    },
    onEnd: () => {
      ended.resolve(undefined);
    },
  });
  peer.end(linesOf('a', 'b', 'c'));
  await ended.promise;
  expect(heard.slice(0, 5)).toEqual(['a', 'others', 'b', 'others', 'c']);
});

test('the end of a peer’s side is heard after the calls that it sent before, and those have a turn to be answered', async () => {
  const begun = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<undefined>();
  const heard: string[] = [];
  const { peer, socket } = await connectPair({
    onRequest: ({ method }) => {
      heard.push(method);
      if (method === 'long') return { begun: begun.promise, answered: Promise.resolve() };
      const answered = takeSteps(20).then(() => void heard.push('answered'));
      return { answered };
    },
    onEnd: () => {
      heard.push('end');
      ended.resolve(undefined);
    },
  });
  peer.end(linesOf('long', 'short'));
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
