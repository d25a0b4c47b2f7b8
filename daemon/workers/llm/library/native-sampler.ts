import type { LlamaGrammar, LlamaModel } from 'node-llama-cpp';
import { LlamaGrammarEvaluationState } from 'node-llama-cpp';
import type { Sampler } from '../batch/batch.ts';
import type { ResolvedSampling } from '../sampling.ts';

/** The native half of the library's sampler. */
interface NativeSamplerHandle {
  applyConfig(config: Readonly<Record<string, unknown>>): void;
  dispose(): void;
}

export type NativeSamplerClass = new (nativeModel: object) => NativeSamplerHandle;

/** Tokens that the penalties look back at. */
const PENALTY_TOKENS = 64;

export type Choice = Omit<ResolvedSampling, 'maxTokens'>;

/** One text's choices: its own random numbers, its own penalties, and a grammar while one holds. */
export class NativeSampler implements Sampler {
  readonly native: NativeSamplerHandle;
  readonly #choice: Choice;
  readonly #model: LlamaModel | undefined;
  #recent: number[] = [];
  #isChoosing = false;
  #isClosed = false;

  constructor(
    internals: { readonly samplerClass: NativeSamplerClass; readonly nativeModel: object },
    choice: Choice,
    model?: LlamaModel,
  ) {
    this.native = new internals.samplerClass(internals.nativeModel);
    this.#choice = choice;
    this.#model = model;
    this.#configure(undefined);
  }

  useGrammar(grammar: object | undefined): void {
    const model = this.#model;
    if (model === undefined) throw new Error('this sampler knows no grammars');
    const state =
      grammar === undefined
        ? undefined
        : new LlamaGrammarEvaluationState({ model, grammar: grammar as LlamaGrammar });
    this.#configure(state);
  }

  /** Runs one choice, which happens in another thread: until it is over nothing is freed. */
  async choose(choice: (native: object) => Promise<number>): Promise<number> {
    this.#isChoosing = true;
    try {
      const token = await choice(this.native);
      // The library counts the tokens of a penalty itself; these are for the next configuration.
      this.#recent.push(token);
      if (this.#recent.length > 2 * PENALTY_TOKENS) {
        this.#recent = this.#recent.slice(-PENALTY_TOKENS);
      }
      return token;
    } finally {
      this.#isChoosing = false;
      if (this.#isClosed) this.native.dispose();
    }
  }

  close(): void {
    if (!this.#isClosed && !this.#isChoosing) this.native.dispose();
    this.#isClosed = true;
  }

  #configure(grammar: LlamaGrammarEvaluationState | undefined): void {
    const { temperature, topP, topK, minP, seed } = this.#choice;
    const { repeatPenalty, presencePenalty, frequencyPenalty } = this.#choice;
    const state = grammar !== undefined && '_state' in grammar ? grammar._state : undefined;
    if (grammar !== undefined && state === undefined) {
      throw new Error('this version of the library has other grammars');
    }
    this.native.applyConfig({
      temperature,
      topP,
      topK,
      minP,
      seed,
      repeatPenalty,
      repeatPenaltyMaxTokens: PENALTY_TOKENS,
      repeatPenaltyTokens: Uint32Array.from(this.#recent.slice(-PENALTY_TOKENS)),
      repeatPenaltyPresencePenalty: presencePenalty,
      repeatPenaltyFrequencyPenalty: frequencyPenalty,
      ...(state === undefined ? {} : { grammarEvaluationState: state }),
    });
  }
}
