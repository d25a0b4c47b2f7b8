import { createInterface } from 'node:readline';
import { createClient } from '@locara/client';
import { QUESTION } from './letters.ts';
import { SecureLetters } from './secure-letters.ts';

/** Process entry: the passphrase is the first line of standard input, never an argument or a variable. */
const [passphrase = ''] = await firstLine();
await using client = createClient({ name: 'secure-rag', version: '1.0.0' });
const letters = new SecureLetters(client);
show('unlocked', { database: await letters.unlock(passphrase) });
show('ingested', await letters.ingest());
const { question, passages, answer, restored } = await letters.ask(QUESTION);
show('asked', { question, passages });
show('answered', { answer });
show('restored', { ...restored });
await letters.lock();
show('locked', { found: await letters.look(question) });

function show(step: string, shown: object): void {
  process.stdout.write(`${JSON.stringify({ step, ...shown })}\n`);
}

async function firstLine(): Promise<string[]> {
  for await (const line of createInterface({ input: process.stdin })) return [line];
  return [];
}
