import { getLlama, LlamaLogLevel, type Token } from 'node-llama-cpp';
import type { Generation, Task } from './generation.ts';

export interface LlmInProcess {
  /** As many at once as there are sequences; a shared step of several is where the library is fastest. */
  generate(task: Task): Promise<Generation>;
  close(): Promise<void>;
}

/** Tokens that the detokenizer looks back at. */
const BEFORE_TOKENS = 3;

/**
 * The yardstick of the daemon's own speed: the library alone, in this process, greedy, by its public methods.
 * With several sequences it samples them at once without a lock, so texts may take a token of another:
 * fit to be timed, not to be read.
 */
export async function openLlmInProcess(options: {
  readonly modelPath: string;
  /** Of each sequence. */
  readonly contextTokens: number;
  readonly threads: number;
  readonly sequences?: number;
}): Promise<LlmInProcess> {
  const { modelPath, contextTokens, threads, sequences = 1 } = options;
  const llama = await getLlama({
    gpu: process.platform === 'darwin' ? 'auto' : false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.disabled,
    maxThreads: threads,
  });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: contextTokens, sequences, threads });
  const { bos, shouldPrependBosToken } = model.tokens;
  const begin = shouldPrependBosToken && bos !== null ? [bos] : [];
  return {
    generate: async ({ prompt, maxTokens }) => {
      const sequence = context.getSequence();
      const cpu = process.cpuUsage();
      const startedAt = performance.now();
      const tokens: Token[] = [...begin, ...model.tokenize(prompt)];
      const promptTokens = tokens.length;
      let firstTokenMs = 0;
      let text = '';
      for await (const token of sequence.evaluate([...tokens], { temperature: 0 })) {
        text += model.detokenize([token], false, tokens.slice(-BEFORE_TOKENS));
        tokens.push(token);
        if (tokens.length === promptTokens + 1) firstTokenMs = performance.now() - startedAt;
        if (tokens.length === promptTokens + maxTokens) break;
      }
      const seconds = (performance.now() - startedAt) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const written = tokens.length - promptTokens;
      await sequence.dispose();
      return {
        tokens: written,
        tokensPerSecond: written / seconds,
        firstTokenMs,
        cpuUsPerToken: (user + system) / written,
        text,
      };
    },
    close: () => llama.dispose(),
  };
}
