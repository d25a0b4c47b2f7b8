import { type Client, createLocalMode, type Keystore, RpcError } from '@locara/client';
import { LETTERS } from './letters.ts';

const DATABASE = 'letters';
const COLLECTION = 'letters';
/** `[EMAIL_1]` for the same address everywhere in this session: a question finds what letters say about it. */
const PLACEHOLDER = { mode: 'placeholder' } as const;

export interface Answer {
  /** As the model reads it. */
  readonly question: string;
  /** As they are stored, found by the question. */
  readonly passages: readonly string[];
  /** As the model wrote it. */
  readonly answer: string;
  /** The same for the user, with what placeholders stand for. */
  readonly restored: { readonly passage: string; readonly answer: string };
}

/** Answers questions about letters. What identifies people reaches neither the store nor a model. */
export class SecureLetters {
  readonly #client: Client;
  readonly #keystore: Keystore;
  /** What this session's placeholders stand for: in the daemon's memory, and nowhere else. */
  #restoreId: string | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.#keystore = createLocalMode(client).createKeystore();
  }

  /** At the first start the passphrase is a new one; later it has to be the same. */
  async unlock(passphrase: string): Promise<string> {
    if (!(await this.#keystore.hasEncryption(DATABASE))) {
      await this.#keystore.initialize(DATABASE, passphrase);
    } else if (!(await this.#keystore.unlock(DATABASE, passphrase))) {
      throw new Error('This is not the passphrase of the letters.');
    }
    return DATABASE;
  }

  lock(): Promise<void> {
    return this.#keystore.lock(DATABASE);
  }

  /** Redacted, then embedded, then encrypted and stored: by the daemon, in one call. */
  async ingest() {
    await this.#createCollection();
    const { upserted, privacy } = await this.#client.collections.upsert({
      collection: COLLECTION,
      records: LETTERS.map((letter) => ({ ...letter })),
      pipeline: [
        { redact: { replacement: PLACEHOLDER, restoreId: this.#restoreId } },
        { encrypt: { database: DATABASE } },
      ],
    });
    this.#restoreId = privacy?.restoreId;
    return { upserted, redacted: privacy?.redacted, encrypted: privacy?.encrypted };
  }

  async ask(asked: string): Promise<Answer> {
    const question = await this.#redact(asked);
    const passages = await this.look(question);
    const content = `Letters:\n${passages.join('\n')}\n\nQuestion: ${question}`;
    const { content: answer } = await this.#client.llm.chat({
      messages: [{ role: 'user', content }],
      maxTokens: 40,
      temperature: 0,
      // Nothing is left to be found; should that ever change, the model still does not read it.
      pipeline: [{ redact: { apply: 'both' } }],
    });
    const restored = {
      passage: await this.#restore(passages[0] ?? ''),
      answer: await this.#restore(answer),
    };
    return { question, passages, answer, restored };
  }

  /** What is found by meaning; a text that is still sealed is left out. */
  async look(question: string): Promise<string[]> {
    const search = { collection: COLLECTION, text: question, k: 2 };
    const { hits } = await this.#client.collections.search(search);
    return hits.flatMap(({ text }) => text ?? []);
  }

  async #redact(asked: string): Promise<string> {
    const { text, restoreId } = await this.#client.privacy.redact({
      text: asked,
      replacement: PLACEHOLDER,
      restoreId: this.#restoreId,
    });
    this.#restoreId = restoreId ?? this.#restoreId;
    return text;
  }

  async #restore(text: string): Promise<string> {
    if (this.#restoreId === undefined) return text;
    return (await this.#client.privacy.restore({ text, restoreId: this.#restoreId })).text;
  }

  /** Once: a second start finds it there. */
  async #createCollection(): Promise<void> {
    try {
      await this.#client.collections.create({ collection: COLLECTION });
    } catch (error) {
      if (!(error instanceof RpcError && error.reason === 'Conflict')) throw error;
    }
  }
}
