import { getLlama, LlamaLogLevel, type Token } from 'node-llama-cpp';
import type { Generation, Task } from './generation.ts';

export interface LlmInProcess {
  generate(task: Task): Promise<Generation>;
  close(): Promise<void>;
}

/** Tokens that the detokenizer looks back at. */
const BEFORE_TOKENS = 3;

/** The yardstick of the daemon's own speed: the library alone, in this process, greedy, one sequence. */
export async function openLlmInProcess(options: {
  readonly modelPath: string;
  readonly contextTokens: number;
  readonly threads: number;
}): Promise<LlmInProcess> {
  const { modelPath, contextTokens, threads } = options;
  const llama = await getLlama({
    gpu: process.platform === 'darwin' ? 'auto' : false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.disabled,
    maxThreads: threads,
  });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: contextTokens, sequences: 1, threads });
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
        tokensPerSecond: written / seconds,
        firstTokenMs,
        cpuUsPerToken: (user + system) / written,
        text,
      };
    },
    close: () => llama.dispose(),
  };
}
