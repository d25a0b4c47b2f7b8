import { readFile } from 'node:fs/promises';
import { createClient, type Client } from '@locara/client';
import { RpcError } from '@locara/protocol';
import { DOCUMENTS } from './sample-manifest.ts';
import { expectThat, runStep, type Step } from './steps.ts';

/** An ordinary app: its own process, its own credentials, nothing but the client library. */
export async function runSampleApp(assets: URL, report: (step: Step) => void): Promise<void> {
  await using client = createClient({ name: 'field-notes', version: '1.0.0' });
  const show = async (name: string, action: () => Promise<string>): Promise<boolean> => {
    const step = await runStep(name, () => withRetries(action));
    report(step);
    return step.ok;
  };
  if (!(await show('authenticate', () => authenticate(client)))) return;
  await show('chat', () => chat(client));
  await show('embed', () => embed(client));
  await show('transcribe', () => transcribe(client, assets));
  await show('ocr', () => ocr(client, assets));
  if (await show('store', () => store(client))) await show('search', () => search(client));
  await show('redact', () => redact(client));
  await show('vault', () => vault(client));
  await show('denied', () => denied(client));
}

async function authenticate(client: Client): Promise<string> {
  const { app, attestation } = await client.session.info();
  return `${app.id} ${app.version}, attested as ${attestation}`;
}

async function chat(client: Client): Promise<string> {
  const call = client.llm.chat({
    messages: [{ role: 'user', content: 'Once upon a time' }],
    maxTokens: 60,
    temperature: 0,
    seed: 7,
  });
  let chunks = 0;
  for await (const { delta } of call) if (delta !== '') chunks += 1;
  const { content, usage } = await call;
  expectThat(chunks > 1, 'the text did not stream');
  expectThat(content.trim() !== '', 'the model wrote nothing');
  return `“${excerpt(content)}” (${usage.completionTokens} tokens in ${chunks} pieces)`;
}

async function embed(client: Client): Promise<string> {
  const { embeddings, dimensions } = await client.embed.create({
    input: ['a kitten sleeps on the sofa', 'the cat naps on the couch', 'interest rates rose'],
  });
  const [kitten, cat, rates] = embeddings as number[][];
  const near = dot(kitten, cat);
  const far = dot(kitten, rates);
  expectThat(near > far, 'kitten is not nearer to cat than to interest rates');
  return `kitten·cat ${near.toFixed(2)} > kitten·rates ${far.toFixed(2)}, ${dimensions} dimensions`;
}

async function transcribe(client: Client, assets: URL): Promise<string> {
  const audio = await readFile(new URL('goforward.wav', assets));
  const blob = await client.uploadBlob(audio);
  const { text, durationMs } = await client.transcribe.run({ audio: { blob } });
  const words = text
    .toLowerCase()
    .replaceAll(/[^a-z ]/g, '')
    .trim();
  expectThat(words === 'go forward ten meters', 'the words are not those spoken');
  return `“${text}” from ${(durationMs / 1000).toFixed(1)} s of speech`;
}

async function ocr(client: Client, assets: URL): Promise<string> {
  const image = await readFile(new URL('p150.png', assets));
  const { text } = await client.ocr.recognize({ image: { data: image.toString('base64') } });
  expectThat(text.includes('Quarterly Report on Local Inference'), 'the heading was not read');
  return `${text.split(/\s+/).length} words, from “${excerpt(text.split('\n')[0] ?? '')}”`;
}

async function store(client: Client): Promise<string> {
  await createNotes(client);
  const { upserted } = await client.collections.upsert({
    collection: 'notes',
    records: DOCUMENTS.map((document) => ({ ...document })),
  });
  expectThat(upserted === DOCUMENTS.length, 'not every document was kept');
  return `${upserted} documents, embedded and encrypted`;
}

/** Once: a second run in the same home, or a retry, finds the collection there. */
async function createNotes(client: Client): Promise<void> {
  try {
    await client.collections.create({ collection: 'notes' });
  } catch (error) {
    if (!(error instanceof RpcError && error.reason === 'Conflict')) throw error;
  }
}

async function search(client: Client): Promise<string> {
  const meaning = await client.collections.search({
    collection: 'notes',
    text: 'birds and water',
    k: 1,
  });
  expectThat(meaning.hits[0]?.id === 'heron', 'the search by meaning found another document');
  const words = await client.collections.search({ collection: 'notes', query: 'potatoes', k: 1 });
  expectThat(words.hits[0]?.id === 'soup', 'the search by words found another document');
  return '“birds and water” finds heron by meaning; “potatoes” finds soup by word';
}

async function redact(client: Client): Promise<string> {
  const text = 'Ann (ann@example.org) pays from GB33 BUKB 2020 1555 5555 55.';
  const { text: redacted } = await client.privacy.redact({ text });
  expectThat(redacted === 'Ann ([EMAIL]) pays from [IBAN].', 'something was left in the text');
  return `“${redacted}”`;
}

async function vault(client: Client): Promise<string> {
  const passphrase = 'correct horse battery staple';
  const value = { text: 'a secret' };
  const context = { purpose: 'quickstart' };
  const { envelope } = await client.vault.encrypt({ value, passphrase, context });
  const opened = await client.vault.decrypt({ envelope, passphrase, context });
  expectThat('text' in opened.value && opened.value.text === value.text, 'it came back changed');
  try {
    await client.vault.decrypt({ envelope, passphrase, context: { purpose: 'another' } });
  } catch (error) {
    if (error instanceof RpcError && error.reason === 'Conflict') {
      return 'a text sealed by a passphrase opens where it belongs, and nowhere else';
    }
    throw error;
  }
  throw new Error('the daemon opened an envelope in another place');
}

async function denied(client: Client): Promise<string> {
  try {
    await client.db.exec({ sql: 'CREATE TABLE notes (text TEXT)' });
  } catch (error) {
    if (error instanceof RpcError && error.reason === 'CapabilityDenied') {
      return `db.exec: ${error.message}`;
    }
    throw error;
  }
  throw new Error('the daemon allowed SQL that the manifest does not declare');
}

/** As an app should: what the daemon calls retryable is tried again. */
async function withRetries(action: () => Promise<string>, attempts = 4): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const isRetryable = error instanceof RpcError && error.retryable;
      if (!isRetryable || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * attempt));
    }
  }
}

function dot(a: readonly number[] = [], b: readonly number[] = []): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= 72 ? line : `${line.slice(0, 71)}…`;
}
