import { connect, type Socket } from 'node:net';

/** One connection that asks and waits, as fast as the other end answers. */
export class PingPong {
  readonly #socket: Socket;
  #rest = '';
  #answered: (() => void) | undefined;
  #failed: ((reason: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#rest += text;
      if (!this.#rest.endsWith('\n')) return;
      this.#rest = '';
      this.#answered?.();
    });
    socket.on('close', () => {
      this.#failed?.(new Error('the other end closed the connection'));
    });
  }

  static async open(path: string): Promise<PingPong> {
    const socket = connect(path);
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new PingPong(socket);
  }

  /** Milliseconds of each of `count` round trips, one after another. */
  async run(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let id = 0; id < count; id += 1) {
      const startedAt = performance.now();
      await new Promise<void>((resolve, reject) => {
        this.#answered = resolve;
        this.#failed = reject;
        this.#socket.write(`{"jsonrpc":"2.0","id":${id},"method":"daemon.ping","params":{}}\n`);
      });
      times.push(performance.now() - startedAt);
    }
    return times;
  }

  close(): void {
    this.#socket.destroy();
  }
}
