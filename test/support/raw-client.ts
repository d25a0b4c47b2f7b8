import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A client written from the wire contract alone: sockets and crypto, no project code. */
export interface Wire {
  readonly socket: Socket;
  /** Every message received, in order. */
  readonly received: WireMessage[];
  call(method: string, params?: unknown, id?: string | number): Promise<WireMessage>;
  send(message: unknown): void;
  sendRaw(bytes: string | Buffer): void;
  next(matches: (message: WireMessage) => boolean, timeoutMs?: number): Promise<WireMessage>;
  closed(timeoutMs?: number): Promise<void>;
  readonly isClosed: boolean;
  end(): void;
}

export interface WireMessage {
  readonly jsonrpc?: string;
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: {
    code: number;
    message: string;
    data: {
      reason: string;
      retryable: boolean;
      details?: Record<string, unknown>;
      errorId?: string;
    };
  };
}

export interface RawCredentials {
  readonly appId: string;
  readonly manifestDigest: string;
  readonly installKey: string;
  readonly daemonPublicKey: string;
  readonly socket: string;
}

/** What waiting for a message ends with when the connection has ended. */
const CLOSED: WireMessage = {};

export async function openWire(path: string): Promise<Wire> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return Object.assign(speakOver(socket), { socket });
}

/** A wire over any stream of bytes. */
export function speakOver(socket: Duplex): Omit<Wire, 'socket'> {
  const received: WireMessage[] = [];
  const waiters = new Set<() => void>();
  let buffered = '';
  let isClosed = false;
  let nextId = 1;
  const wake = (): void => {
    for (const waiter of [...waiters]) waiter();
  };
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    buffered += text;
    const lines = buffered.split('\n');
    buffered = lines.pop() ?? '';
    for (const line of lines) received.push(JSON.parse(line) as WireMessage);
    wake();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
    wake();
  });

  const until = <T>(probe: () => T | undefined, what: string, timeoutMs: number): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(check);
        reject(new Error(`no ${what} in time`));
      }, timeoutMs);
      const check = (): void => {
        const found = probe();
        if (found === undefined) return;
        clearTimeout(timer);
        waiters.delete(check);
        resolve(found);
      };
      waiters.add(check);
      check();
    });
  const sendRaw = (bytes: string | Buffer): void => {
    socket.write(bytes);
  };
  const send = (message: unknown): void => {
    sendRaw(`${JSON.stringify(message)}\n`);
  };
  const next: Wire['next'] = (matches, timeoutMs = 30_000) =>
    until(() => received.find(matches) ?? (isClosed ? CLOSED : undefined), 'message', timeoutMs);
  return {
    received,
    send,
    sendRaw,
    next,
    call: (method, params, id = nextId++) => {
      send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
      return next((message) => message.id === id && message.method === undefined);
    },
    closed: async (timeoutMs = 30_000) => {
      await until(() => (isClosed ? true : undefined), 'close', timeoutMs);
    },
    get isClosed() {
      return isClosed;
    },
    end: () => {
      socket.destroy();
    },
  };
}

export function readCredentials(path: string): RawCredentials {
  return JSON.parse(readFileSync(path, 'utf8')) as RawCredentials;
}

/** T(label): every field behind its length as unsigned 32-bit big-endian. */
export function transcript(label: string, fields: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    ['locara-hs/1', label, ...fields].map((field) => {
      const bytes = Buffer.from(field as string);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    }),
  );
}

/** What a test may change in an otherwise honest proof. */
export interface ProofChanges {
  readonly appId?: string;
  readonly manifestDigest?: string;
  readonly pid?: number;
  readonly signedPid?: number;
  readonly nonce?: Buffer;
  readonly installKey?: string;
  readonly serverNonce?: Buffer;
  readonly signature?: string;
}

/** hello and authenticate; the answer of authenticate, its daemon proof verified when it succeeds. */
export async function authenticate(
  wire: Wire,
  credentials: RawCredentials,
  changes: ProofChanges = {},
): Promise<WireMessage> {
  const hello = await wire.call('session.hello', {
    protocol: { min: 1, max: 1 },
    client: { name: 'raw', version: '1.0.0' },
  });
  const { nonce, daemon } = hello.result as {
    nonce: string;
    daemon: { pid: number; publicKey: string };
  };
  const clientNonce = changes.nonce ?? randomBytes(32);
  const pid = changes.pid ?? process.pid;
  const appId = changes.appId ?? credentials.appId;
  const manifestDigest = changes.manifestDigest ?? credentials.manifestDigest;
  const daemonKey = Buffer.from(daemon.publicKey, 'base64');
  const fields = [
    changes.serverNonce ?? Buffer.from(nonce, 'base64'),
    clientNonce,
    daemonKey,
    appId,
    manifestDigest,
    String(changes.signedPid ?? pid),
    String(daemon.pid),
  ];
  const key = createPrivateKey(changes.installKey ?? credentials.installKey);
  const answer = await wire.call('session.authenticate', {
    appId,
    manifestDigest,
    nonce: clientNonce.toString('base64'),
    pid,
    signature:
      changes.signature ?? sign(null, transcript('client', fields), key).toString('base64'),
  });
  if (answer.result !== undefined) {
    const proof = Buffer.from(answer.result['signature'] as string, 'base64');
    const publicKey = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: daemonKey.toString('base64url') },
    });
    if (!verify(null, transcript('server', fields), publicKey, proof))
      throw new Error('false daemon');
  }
  return answer;
}

/** A connection that is a session of the app. */
export async function openSession(path: string, credentials: RawCredentials): Promise<Wire> {
  const wire = await openWire(path);
  const { error } = await authenticate(wire, credentials);
  if (error !== undefined) throw new Error(`the session was refused: ${error.message}`);
  return wire;
}
