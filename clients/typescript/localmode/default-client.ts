import { type Client, createClient } from '../client.ts';

/** Made at the first use, and again at the first one after it was closed. */
class DefaultClient {
  #client: Client | undefined;

  get(): Client {
    this.#client ??= createClient({ name: 'locara-localmode', keepAlive: false });
    return this.#client;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }
}

const shared = new DefaultClient();

/** The client of the functions that are called without one: of the app that LOCARA_CREDENTIALS names. */
export function useDefaultClient(): Client {
  return shared.get();
}

/**
 * Ends the connection of the functions that are called without a client, and with it the keys and databases that
 * they opened. The next such call makes a new one.
 */
export function closeDefaultClient(): Promise<void> {
  return shared.close();
}
