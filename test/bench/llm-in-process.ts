import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

export interface InProcessRun {
  readonly modelPath: string;
  readonly prompt: string;
  readonly maxTokens: number;
  readonly contextTokens: number;
  readonly threads: number;
  /** Measured after one run that is not. */
  readonly runs: number;
}

export interface InProcessSpeed {
  /** One per run: tokens over the time from the prompt to the last token. */
  readonly tokensPerSecond: readonly number[];
  readonly loadMs: number;
}

/** The yardstick of the daemon's own speed: the library alone, in this process, greedy, one sequence. */
export async function measureLlmInProcess(options: InProcessRun): Promise<InProcessSpeed> {
  const { modelPath, prompt, maxTokens, contextTokens, threads, runs } = options;
  const startedAt = performance.now();
  const llama = await getLlama({
    gpu: process.platform === 'darwin' ? 'auto' : false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.disabled,
    maxThreads: threads,
  });
  try {
    const model = await llama.loadModel({ modelPath });
    const context = await model.createContext({
      contextSize: contextTokens,
      sequences: 1,
      threads,
    });
    const loadMs = performance.now() - startedAt;
    const { bos, shouldPrependBosToken } = model.tokens;
    const begin = shouldPrependBosToken && bos !== null ? [bos] : [];
    const tokensPerSecond: number[] = [];
    for (let run = 0; run <= runs; run++) {
      const sequence = context.getSequence();
      const runAt = performance.now();
      const written = [];
      const prompted = [...begin, ...model.tokenize(prompt)];
      for await (const token of sequence.evaluate(prompted, { temperature: 0 })) {
        written.push(token);
        model.detokenize(written.slice(-1), false, written.slice(-4, -1));
        if (written.length >= maxTokens) break;
      }
      const seconds = (performance.now() - runAt) / 1000;
      if (run > 0) tokensPerSecond.push(written.length / seconds);
      await sequence.dispose();
    }
    return { tokensPerSecond, loadMs };
  } finally {
    await llama.dispose();
  }
}
