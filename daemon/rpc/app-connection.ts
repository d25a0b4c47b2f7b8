import type { Socket } from 'node:net';
import { type Capability, LIMITS, type MacCodeIdentity, NOTICES, RpcError } from '@locara/protocol';
import type { LaunchedApp } from '../access/examine-claim.ts';
import { createHandshake, type HandshakeDeps } from '../access/handshake.ts';
import type { OpenSession, SessionIdentity, Sessions } from '../access/sessions.ts';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../log.ts';
import type { Connection } from '../transport/connection.ts';
import type { CodeFinding } from '../transport/peer-code.ts';
import type { Peer } from '../transport/peer.ts';
import { assertMayCall } from './assert-may-call.ts';
import { abortUnauthorized, type AppCall, createAppCall } from './app-call.ts';
import { beginTurns, ONE_TURN, type Turns } from '../turns.ts';
import type { ReadMemory } from '../transport/read-memory.ts';
import { dispatchAppCall } from './dispatch-app-call.ts';
import type { Request } from './envelope.ts';
import type { Handlers } from './handler.ts';
import { type Answer, toAnswerLine, toLine } from './message-line.ts';
import { OpenCalls } from './open-calls.ts';
import { createRequestConnection, type ServedRequest } from './request-connection.ts';
import { toWireError } from './wire-error.ts';

export interface AppConnectionDeps {
  readonly handlers: Handlers;
  readonly handshake: HandshakeDeps;
  /** The app at the other end, when the daemon launched it. */
  readonly launched?: LaunchedApp | undefined;
  readonly sessions: Sessions;
  readonly audit: Pick<Audit, 'use' | 'deny'>;
  readonly authTimeoutMs: number;
  readonly stalledWriteMs: number;
  readonly readMemory: Pick<ReadMemory, 'erase'>;
  readonly log: Log;
  readonly isDraining: () => boolean;
  readonly judgeCode: (peer: Peer, demanded: MacCodeIdentity | undefined) => CodeFinding;
  readonly isPeerUnchanged: () => boolean;
  /** Told the pid of a process that holds a session now; the answer ends that. */
  readonly onAuthenticated: (pid: number) => () => void;
}

/** An app’s connection as the rest of the daemon sees it. */
export interface AppConnection {
  notify(method: string, params: Readonly<Record<string, unknown>>): void;
  /** Resolves when no call is in flight. */
  whenIdle(): Promise<void>;
  /** Takes nothing more, cancels what runs, and ends once that is answered. */
  close(): void;
}

/** One app's connection: envelope checks, the handshake, calls in flight, cancel, streams. */
export function serveAppConnection(
  socket: Socket,
  peer: Peer,
  deps: AppConnectionDeps,
): AppConnection {
  return new ServedConnection(socket, peer, deps);
}

/** How long cancelled calls may take to be answered before the connection ends without them. */
const CLOSE_GRACE_MS = 1000;
/** Reading a message that is longer has taken its time: others come first before it is looked into. */
const LARGE_BYTES = 256 * 1024;

class ServedConnection implements AppConnection {
  readonly #deps: AppConnectionDeps;
  readonly #peer: Peer;
  readonly #connection: Connection;
  readonly #handshake;
  readonly #calls = new OpenCalls<AppCall>();
  #authTimer: NodeJS.Timeout | undefined;
  #session: OpenSession | undefined;
  /** Ends the mark of the peer's process as an app. */
  #endHold: () => void = () => undefined;
  #isClosing = false;

  constructor(socket: Socket, peer: Peer, deps: AppConnectionDeps) {
    this.#deps = deps;
    this.#peer = peer;
    this.#connection = createRequestConnection(socket, {
      calls: this.#calls,
      maxBytes: () =>
        this.#session === undefined ? LIMITS.maxMessageBytesBeforeAuth : LIMITS.maxMessageBytes,
      isReading: () => !this.#isClosing,
      onRequest: (request, bytes) => this.#receive(request, bytes >= LARGE_BYTES),
      onBroken: (error) => {
        this.#endWith(error);
      },
      onEnd: () => {
        this.close();
      },
      onClose: () => {
        this.#closed();
      },
      onDrop: (reason) => {
        this.#logDrop(reason);
      },
      stalledWriteMs: deps.stalledWriteMs,
      readMemory: deps.readMemory,
      log: deps.log,
    });
    // A launched app has one channel for its whole life, and says hello when it is ready.
    if (deps.launched === undefined) this.#startAuthTimer();
    this.#handshake = createHandshake(deps.handshake, {
      peer,
      launched: deps.launched,
      judgeCode: (demanded) => deps.judgeCode(peer, demanded),
      isPeerUnchanged: deps.isPeerUnchanged,
      closeAfterAnswer: () => {
        this.#closeAfterAnswer();
      },
      onAuthenticated: (record, attestation) => this.#open({ record, attestation, pid: peer.pid }),
    });
  }

  /** A stranger who has not proved anything gets no time to linger either. */
  #startAuthTimer(): void {
    this.#authTimer ??= setTimeout(() => {
      this.#logDrop('not-authenticated');
      this.#connection.destroy();
    }, this.#deps.authTimeoutMs);
  }

  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    if (this.#session !== undefined) this.#send({ jsonrpc: '2.0', method, params });
  }

  #open(identity: SessionIdentity): OpenSession {
    this.#endHold = this.#deps.onAuthenticated(identity.pid);
    try {
      this.#session = this.#deps.sessions.open(identity, {
        onModelsChanged: (models) => {
          this.notify(NOTICES.modelsChanged, { models });
        },
        onStoreFilling: (filling) => {
          this.notify(NOTICES.storeFilling, { ...filling });
        },
        onGrantsChanged: () => {
          this.#grantsChanged();
        },
        onEnded: (ending) => {
          this.notify(NOTICES.sessionEnded, { ...ending });
          this.close();
        },
      });
    } catch (refusal) {
      this.#closeAfterAnswer();
      throw refusal;
    }
    clearTimeout(this.#authTimer);
    return this.#session;
  }

  whenIdle(): Promise<void> {
    return this.#calls.whenIdle();
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#finish();
  }

  /** Takes nothing more. The handshake's answer is ready in this turn of the loop: what is open after it is cancelled. */
  #closeAfterAnswer(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    setImmediate(() => {
      this.#finish();
    });
  }

  #finish(): void {
    this.#calls.abortAll(new RpcError('Cancelled', 'The connection closed.'));
    const grace = setTimeout(() => {
      this.#connection.end();
    }, CLOSE_GRACE_MS);
    void this.#calls.whenIdle().then(() => {
      clearTimeout(grace);
      this.#connection.end();
    });
  }

  /** Calls begin in the order in which they came, also where one waits for another turn before it begins. */
  #receive(request: Request, isLarge: boolean): ServedRequest {
    const call = createAppCall(request.method);
    const answered = this.#serve(request, call, isLarge).finally(call.begin);
    return { begun: call.begun, answered };
  }

  /** A call is open until its answer is queued: answers that wait for a slow reader count as calls. */
  async #serve(request: Request, call: AppCall, isLarge: boolean): Promise<void> {
    const { id } = request;
    if (this.#session === undefined) this.#startAuthTimer();
    try {
      assertMayCall(this.#calls.size, this.#deps.isDraining());
      call.counted = this.#session?.beginCall();
    } catch (refusal) {
      call.begin();
      this.#connection.send(toAnswerLine(id, this.#toFailure(refusal, call)));
      return;
    }
    this.#calls.add(id, call);
    let line: string;
    // The handshake is answered in the turn of the loop in which it came, however slow that is.
    const turns = this.#session === undefined ? ONE_TURN : beginTurns();
    try {
      if (isLarge) await turns.next();
      const answer = await this.#answer(request, call, turns);
      if (turns.areOver()) await turns.next();
      line = toAnswerLine(id, answer);
      if (turns.areOver()) await turns.next();
      while (!this.#connection.hasRoom) await this.#connection.whenTaken();
    } finally {
      call.counted?.end();
      this.#calls.remove(id, call);
    }
    // The last thing done: a peer that is woken while this process still works is woken on another core.
    this.#connection.send(line);
  }

  async #answer(request: Request, call: AppCall, turns: Turns): Promise<Answer> {
    try {
      call.controller.signal.throwIfAborted();
      const result = await this.#dispatch(request, call, turns);
      call.controller.signal.throwIfAborted();
      return { result };
    } catch (error) {
      return this.#toFailure(error, call);
    }
  }

  #toFailure(error: unknown, { method, controller: { signal } }: AppCall): Answer {
    return { error: toWireError(error, { log: this.#deps.log, method, signal }) };
  }

  #dispatch(request: Request, call: AppCall, turns: Turns): Promise<unknown> {
    return dispatchAppCall(request, call, {
      handlers: this.#deps.handlers,
      handshake: this.#handshake,
      session: this.#session,
      connection: this.#connection,
      turns,
      record: (outcome, capability) => {
        this.#record(outcome, capability, call.method);
      },
    });
  }

  #grantsChanged(): void {
    const session = this.#session;
    if (session === undefined) return;
    abortUnauthorized(this.#calls.values(), session, (lost, method) => {
      this.#record('deny', lost, method);
    });
    this.notify(NOTICES.grantsChanged, { grants: session.grants() });
  }

  #record(outcome: 'use' | 'deny', capability: Capability, method: string): void {
    const appId = this.#session?.appId;
    if (appId !== undefined) this.#deps.audit[outcome]({ appId, capability, method });
  }

  #send(message: object): void {
    this.#connection.send(toLine(message));
  }

  /** The stream itself is broken: one answer without an id, then the end. */
  #endWith(error: RpcError): void {
    this.#logDrop(error.reason);
    this.#send({ jsonrpc: '2.0', id: null, error: error.toWire() });
    this.close();
  }

  #logDrop(reason: string): void {
    const appId = this.#session?.appId;
    this.#deps.log.warn('connection.dropped', {
      socket: 'app',
      peerPid: this.#peer.pid,
      appId,
      reason,
    });
  }

  #closed(): void {
    this.#isClosing = true;
    clearTimeout(this.#authTimer);
    this.#calls.abortAll(new RpcError('Cancelled', 'The connection closed.'));
    this.#session?.close();
    this.#endHold();
  }
}
