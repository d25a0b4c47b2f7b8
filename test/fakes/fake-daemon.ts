import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handshakeTranscript, LIMITS, RpcError } from '@locara/protocol';
import type { HandshakeFields } from '@locara/protocol';

type Fields = Record<string, unknown>;

/** One request as the fake daemon sees it. */
export interface FakeCall {
  readonly id: number;
  readonly params: Fields;
  readonly signal: AbortSignal;
  readonly connection: FakeConnection;
  readonly chunk: (chunk: unknown, sequence: number) => void;
}
export type FakeHandler = (call: FakeCall) => unknown;

export interface FakeDaemonOptions {
  readonly handlers?: Readonly<Record<string, FakeHandler>>;
  /** Presented in hello instead of the real key. */
  readonly presentedKey?: string;
  /** Turns the server's transcript into the server's proof. */
  readonly proveServer?: (
    fields: HandshakeFields,
    key: KeyObject,
    clientSignature: Buffer,
  ) => Buffer;
  readonly hello?: Fields;
  readonly socket?: string;
}

export interface FakeConnection {
  send(message: Fields): void;
  write(text: string): void;
  destroy(): void;
  readonly socket: Socket;
}

/** A small daemon on a real Unix socket with the real handshake; what it answers is the test's. */
export class FakeDaemon implements AsyncDisposable {
  readonly socket: string;
  readonly received: string[] = [];
  readonly connections = new Set<FakeConnection>();
  readonly credentials: {
    appId: string;
    manifestDigest: string;
    installKey: string;
    daemonPublicKey: string;
    socket: string;
  };
  readonly #folder = mkdtempSync(join(tmpdir(), 'locara-fake-'));
  readonly #appKeys = generateKeyPairSync('ed25519');
  readonly #daemonKeys = generateKeyPairSync('ed25519');
  readonly #options: FakeDaemonOptions;
  #server = createServer();

  constructor(options: FakeDaemonOptions = {}) {
    this.#options = options;
    this.socket = options.socket ?? join(this.#folder, 'app.sock');
    this.credentials = {
      appId: 'acme/notes',
      manifestDigest: `sha256:${'ab'.repeat(32)}`,
      installKey: this.#appKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      daemonPublicKey: rawKey(this.#daemonKeys.publicKey).toString('base64'),
      socket: this.socket,
    };
  }

  static async start(options: FakeDaemonOptions = {}): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(options);
    await daemon.listen();
    return daemon;
  }

  listen(): Promise<void> {
    this.#server = createServer((socket) => {
      this.#serve(socket);
    });
    return new Promise((resolve) => this.#server.listen(this.socket, resolve));
  }

  /** As a killed daemon: every connection breaks and nothing listens. */
  async die(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.connections) connection.destroy();
    await closed;
  }

  notify(method: string, params: Fields): void {
    for (const connection of this.connections) connection.send({ jsonrpc: '2.0', method, params });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.die();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    const connection: FakeConnection = {
      socket,
      send: (message) => socket.write(`${JSON.stringify(message)}\n`),
      write: (text) => socket.write(text),
      destroy: () => socket.destroy(),
    };
    this.connections.add(connection);
    const state = { calls: new Map<number, AbortController>(), nonce: randomBytes(32) };
    let rest = '';
    socket.on('error', () => undefined);
    socket.on('close', () => this.connections.delete(connection));
    socket.on('data', (bytes) => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) void this.#receive(JSON.parse(line) as Fields, connection, state);
    });
  }

  async #receive(
    message: Fields,
    connection: FakeConnection,
    state: { calls: Map<number, AbortController>; nonce: Buffer },
  ): Promise<void> {
    const { id, method, params = {} } = message as { id: number; method: string; params?: Fields };
    this.received.push(method);
    if (method === '$/cancel') {
      state.calls.get(params['id'] as number)?.abort();
      return;
    }
    const controller = new AbortController();
    state.calls.set(id, controller);
    const call: FakeCall = {
      id,
      params,
      signal: controller.signal,
      connection,
      chunk: (chunk, sequence) => {
        connection.send({ jsonrpc: '2.0', method: '$/chunk', params: { id, sequence, chunk } });
      },
    };
    try {
      const handler = this.#options.handlers?.[method] ?? this.#handshake(state.nonce)[method];
      if (handler === undefined) throw new RpcError('MethodNotFound', 'No such method.');
      connection.send({ jsonrpc: '2.0', id, result: await handler(call) });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      connection.send({ jsonrpc: '2.0', id, error: error.toWire() });
    }
  }

  #handshake(serverNonce: Buffer): Record<string, FakeHandler> {
    const ownKey = this.credentials.daemonPublicKey;
    return {
      'session.hello': () => ({
        protocol: 1,
        daemon: {
          name: 'locarad',
          version: '0.1.0',
          pid: process.pid,
          publicKey: this.#options.presentedKey ?? ownKey,
        },
        nonce: serverNonce.toString('base64'),
        limits: LIMITS,
        features: [],
        ...this.#options.hello,
      }),
      'session.authenticate': ({ params }) => {
        const fields: HandshakeFields = {
          serverNonce,
          clientNonce: Buffer.from(params['nonce'] as string, 'base64'),
          daemonPublicKey: rawKey(this.#daemonKeys.publicKey),
          appId: params['appId'] as string,
          manifestDigest: params['manifestDigest'] as string,
          clientPid: params['pid'] as number,
          daemonPid: process.pid,
        };
        const proof = Buffer.from(params['signature'] as string, 'base64');
        const transcript = handshakeTranscript('client', fields);
        if (!verify(null, transcript, this.#appKeys.publicKey, proof)) {
          throw new RpcError('Unauthenticated', 'The proof of identity failed.');
        }
        const prove = this.#options.proveServer ?? proveServer;
        return {
          app: { id: fields.appId, version: '1.0.0', displayName: 'Notes' },
          attestation: 'install-key',
          grants: [{ capability: 'llm:generate', state: 'granted' }],
          signature: prove(fields, this.#daemonKeys.privateKey, proof).toString('base64'),
        };
      },
    };
  }
}

function proveServer(fields: HandshakeFields, key: KeyObject): Buffer {
  return sign(null, handshakeTranscript('server', fields), key);
}

function rawKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** A result that fits llm.chat's schema. */
export function completionOf(content: string): Fields {
  return {
    content,
    finishReason: 'stop',
    usage: { promptTokens: 1, cachedTokens: 0, completionTokens: 1 },
    timings: { queuedMs: 0, loadMs: 0, firstTokenMs: 1, totalMs: 2 },
  };
}
