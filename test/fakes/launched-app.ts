import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createClient } from '@locara/client';

/** An app that is started in a sandbox: uses its rights, then tries what it must not be able to do. */
const targets = JSON.parse(process.argv[2] ?? '{}') as {
  readonly port: number;
  readonly sockets: readonly string[];
  readonly files: readonly string[];
};

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}

function attempt(action: () => unknown): string {
  try {
    action();
    return 'done';
  } catch (error) {
    return codeOf(error);
  }
}

function tryConnect(to: { readonly port: number } | { readonly path: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', ...to });
    socket.once('connect', () => {
      socket.destroy();
      resolve('done');
    });
    socket.once('error', (error) => {
      resolve(codeOf(error));
    });
  });
}

const client = createClient();
const { attestation, app } = await client.connect();
const chunks: string[] = [];
const { content } = await client.llm.complete(
  { prompt: 'Once upon a time', maxTokens: 4 },
  { onChunk: ({ delta }) => chunks.push(delta) },
);
const { dimensions } = await client.embed.create({ input: 'a cat' });
const second = await createClient()
  .connect()
  .then(() => 'done', codeOf);
const report = {
  session: { attestation, appId: app.id, second },
  content: content === chunks.join('') && content !== '',
  dimensions,
  description: JSON.parse(readFileSync('/.locara-info', 'utf8')) as unknown,
  writes: {
    description: attempt(() => {
      appendFileSync('/.locara-info', 'x');
    }),
    credentials: attempt(() => {
      appendFileSync(process.env['LOCARA_CREDENTIALS'] ?? '', 'x');
    }),
    system: attempt(() => {
      writeFileSync('/usr/bin/locara-was-here', 'x');
    }),
    root: attempt(() => {
      writeFileSync('/locara-was-here', 'x');
    }),
    program: attempt(() => {
      writeFileSync('locara-was-here', 'x');
    }),
    home: attempt(() => {
      writeFileSync(`${process.env['HOME'] ?? ''}/note`, 'mine');
    }),
  },
  network: await tryConnect({ port: targets.port }),
  sockets: await Promise.all(targets.sockets.map((path) => tryConnect({ path }))),
  files: targets.files.filter((path) => existsSync(path)),
  processes: readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length,
  environment: Object.keys(process.env).sort(),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
await client.close();
