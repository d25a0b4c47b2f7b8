import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { openCallWire } from '../support/call-wire.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { unpackEmbeddedModel } from '../support/embedded-model.ts';
import { createPrompt } from '../support/prompts.ts';
import type { RawCredentials } from '../support/raw-client.ts';
import { median, type Row } from './measure.ts';

const TEXTS = Array.from({ length: 320 }, (_, index) => createPrompt(12, 80_000 + index));
const TEXTS_PER_CALL = 32;
const ROUNDS = 6;
const CONTEXT_TOKENS = 512;

/** Texts embedded a second: the library alone, one after another, against calls with many texts and with one. */
export async function benchEmbeddings(
  daemon: DaemonProcess,
  credentials: RawCredentials,
): Promise<readonly Row[]> {
  const wire = await openCallWire(daemon.appSocket, credentials);
  const raw = await openEmbeddingsInProcess();
  const embed = async (input: string | readonly string[]): Promise<void> => {
    const { error } = await wire.call('embed.create', { input, encoding: 'f32' });
    if (error !== undefined) throw new Error(error.message);
  };
  const sides = {
    raw: async () => {
      for (const text of TEXTS) await raw.embed(text);
    },
    many: async () => {
      for (let at = 0; at < TEXTS.length; at += TEXTS_PER_CALL)
        await embed(TEXTS.slice(at, at + TEXTS_PER_CALL));
    },
    one: async () => {
      for (const text of TEXTS) await embed(text);
    },
  };
  const rates: Record<keyof typeof sides, number[]> = { raw: [], many: [], one: [] };
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const side of ['raw', 'many', 'one'] as const) {
      const startedAt = performance.now();
      await sides[side]();
      const rate = (TEXTS.length * 1000) / (performance.now() - startedAt);
      // The first round warms every side up.
      if (round >= 0) rates[side].push(rate);
    }
  }
  wire.end();
  await raw.close();
  const row = (name: string, side: 'many' | 'one', goal: { readonly goal?: string }): Row => {
    const ratios = rates[side].map((rate, round) => rate / (rates.raw[round] ?? NaN));
    return {
      name,
      ours: `${median(ratios).toFixed(2)}×, ${describe(rates[side])}`,
      peer: `node-llama-cpp in process ${describe(rates.raw)}`,
      ...goal,
    };
  };
  return [
    row(`embeddings, ${TEXTS_PER_CALL} texts a call`, 'many', { goal: '≥ 0.95×' }),
    row('embeddings, one text a call', 'one', {}),
  ];
}

function describe(rates: readonly number[]): string {
  return `${median(rates).toFixed(0)} texts/s`;
}

async function openEmbeddingsInProcess(): Promise<{
  embed(text: string): Promise<unknown>;
  close(): Promise<void>;
}> {
  const llama = await getLlama({
    gpu: process.platform === 'darwin' ? 'auto' : false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.disabled,
    maxThreads: 1,
  });
  const model = await llama.loadModel({ modelPath: unpackEmbeddedModel('glove-sif-96') });
  const context = await model.createEmbeddingContext({ contextSize: CONTEXT_TOKENS, threads: 1 });
  return { embed: (text) => context.getEmbeddingFor(text), close: () => llama.dispose() };
}
