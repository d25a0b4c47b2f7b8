import type { ChatPipeline, Chunk, Completion } from '@locara/protocol';
import { methods, RpcError } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { llmHandlers } from '../../../daemon/handlers/llm.ts';
import { vaultHandlers } from '../../../daemon/handlers/vault.ts';
import type { GeneratedChunk, GenerateParams, LlmOps } from '../../../daemon/workers/llm/ops.ts';
import { createMemoryQuotas } from '../../fakes/memory-quotas.ts';
import { oneModel, oneWorker } from '../../fakes/one-model.ts';
import { createScriptedWorker } from '../../fakes/scripted-worker.ts';
import { fakeSessionCall } from '../../fakes/session-call.ts';
import { openPrivacy } from '../../support/open-privacy.ts';

const kdf = { name: 'argon2id', memoryKib: 19 * 1024, passes: 2, lanes: 1 } as const;
const MAIL = 'ann.b@example.org';

interface Setup {
  readonly chunks: readonly Partial<GeneratedChunk>[];
  /** What comes when all chunks are out, in place of an end. */
  readonly failure?: Error;
}

function setUp({ chunks, failure }: Setup) {
  const whole = chunks.map((chunk) => ({ delta: '', ...chunk }));
  const worker = createScriptedWorker<LlmOps>(({ signal }, { onChunk }) => {
    for (const chunk of whole) onChunk?.(chunk);
    if (failure !== undefined) return Promise.reject(failure);
    if (signal.aborted) return Promise.reject(new RpcError('Cancelled', 'Cancelled.'));
    const reasoning = whole.map((chunk) => chunk.reasoning ?? '').join('');
    const toolCalls = whole.flatMap(({ toolCall }) => toolCall ?? []);
    return Promise.resolve({
      content: whole.map(({ delta }) => delta).join(''),
      ...(reasoning === '' ? {} : { reasoning }),
      ...(toolCalls.length === 0 ? {} : { toolCalls }),
      finishReason: 'stop',
      promptTokens: 3,
      cachedTokens: 1,
      completionTokens: 2,
      firstTokenMs: 4,
    });
  });
  const privacy = openPrivacy();
  const call = fakeSessionCall();
  const handlers = llmHandlers({
    models: oneModel({ task: 'text-to-text' }),
    engines: oneWorker(worker),
    quotas: createMemoryQuotas(),
    privacy,
  });
  const chat = (pipeline: ChatPipeline | object[], params: object = {}) =>
    collect(
      handlers['llm.chat'](
        methods['llm.chat'].params.parse({
          messages: [{ role: 'user', content: 'hi' }],
          pipeline,
          ...params,
        }),
        call,
      ),
    );
  const seen = () => (worker.seen[0]?.params as GenerateParams).input;
  return { chat, seen, worker, privacy, call, handlers };
}

async function collect(stream: AsyncGenerator<Chunk<'llm.chat'>, Completion, void>) {
  const chunks: Chunk<'llm.chat'>[] = [];
  try {
    for (;;) {
      const { value, done } = await stream.next();
      if (done === true) return { chunks, result: value };
      chunks.push(value);
    }
  } catch (error) {
    return { chunks, error: error as RpcError };
  }
}

const letters = (text: string) => Array.from(text, (delta) => ({ delta }));

test('what a model reads is redacted in every role, thought and tool call', async () => {
  const { chat, seen } = setUp({ chunks: [] });
  const toolCalls = [{ id: 'c1', name: 'send', arguments: `{"to":"${MAIL}"}` }];
  const messages = [
    { role: 'system', content: `I am ${MAIL}.` },
    { role: 'user', content: `Write to ${MAIL}.` },
    { role: 'assistant', content: `To ${MAIL}`, reasoning: `Who is ${MAIL}?`, toolCalls },
    { role: 'tool', content: `{"sent":"${MAIL}"}`, toolCallId: 'c1' },
  ];
  const { result } = await chat([{ redact: { apply: 'input' } }], { messages });
  expect(JSON.stringify(seen())).not.toContain('ann');
  expect(seen()).toMatchObject({
    messages: [{}, {}, { toolCalls: [{ arguments: '{"to":"[EMAIL]"}' }] }, {}],
  });
  expect(result?.privacy).toEqual({ redacted: { EMAIL_ADDRESS: 6 } });
});

test('who wrote a message is redacted with it: a model reads names too', async () => {
  const { chat, seen } = setUp({ chunks: [] });
  const messages = [{ role: 'user', content: 'hi', name: MAIL }];
  const { result } = await chat([{ redact: { apply: 'input' } }], { messages });
  expect(seen()).toMatchObject({ messages: [{ content: 'hi', name: '[EMAIL]' }] });
  expect(result?.privacy).toEqual({ redacted: { EMAIL_ADDRESS: 1 } });
});

test('what a model writes is redacted wherever its pieces are cut', async () => {
  for (const size of [1, 2, 3, 7, 100]) {
    const text = `Write to ${MAIL}, or call me.`;
    const pieces = text.match(new RegExp(`.{1,${size}}`, 'gu')) ?? [];
    const { chat } = setUp({ chunks: pieces.map((delta) => ({ delta })) });
    const { chunks, result } = await chat([{ redact: {} }]);
    expect(result).toMatchObject({
      content: 'Write to [EMAIL], or call me.',
      finishReason: 'stop',
      usage: { promptTokens: 3, cachedTokens: 1, completionTokens: 2 },
      privacy: { redacted: { EMAIL_ADDRESS: 1 } },
    });
    expect(chunks.map(({ delta }) => delta).join('')).toBe(result?.content);
  }
});

test('thoughts and tool calls are redacted too, and are the same in pieces and whole', async () => {
  const toolCall = { id: 'c', name: 'send', arguments: `{"to":"${MAIL}"}` };
  const { chat } = setUp({
    chunks: [...Array.from(`So ${MAIL} it is`, (reasoning) => ({ reasoning })), { toolCall }],
  });
  const { chunks, result } = await chat([{ redact: { apply: 'output' } }]);
  expect(chunks.map(({ reasoning = '' }) => reasoning).join('')).toBe('So [EMAIL] it is');
  expect(result?.reasoning).toBe('So [EMAIL] it is');
  const redacted = [{ ...toolCall, arguments: '{"to":"[EMAIL]"}' }];
  expect(chunks.flatMap((chunk) => chunk.toolCall ?? [])).toEqual(redacted);
  expect(result?.toolCalls).toEqual(redacted);
});

test('placeholders in what a model wrote are restored, whatever part they stand in', async () => {
  const toolCall = { id: 'c', name: 'send', arguments: '{"to":"cy@example.org"}' };
  const { chat, privacy, call } = setUp({
    chunks: [...letters(`${MAIL} `), { reasoning: 'bo@example.org ' }, { toolCall }],
  });
  const redact = { apply: 'output', replacement: { mode: 'placeholder' } };
  const { result } = await chat([{ redact }]);
  const written = [result?.content, result?.reasoning, result?.toolCalls?.[0]?.arguments].join('|');
  const restoreId = result?.privacy?.restoreId ?? '';
  expect(await privacy.redactor.restore(call.session.id, restoreId, written)).toEqual({
    text: `${MAIL} |bo@example.org |{"to":"cy@example.org"}`,
    restored: 3,
  });
});

describe('JSON that a model writes', () => {
  const responseFormat = { type: 'json_schema', schema: { type: 'object' } };

  test('stays JSON, also where a number or an escaped text is redacted', async () => {
    const text = `{"card":4111111111111111,"n":1.50,"to":"ann\\u0040example.org","ssn":"536-22-8726"}`;
    const { chat } = setUp({ chunks: letters(text) });
    const { chunks, result } = await chat([{ redact: {} }], { responseFormat });
    expect(JSON.parse(result?.content ?? '')).toEqual({
      card: '[CREDITCARD]',
      n: 1.5,
      to: '[EMAIL]',
      ssn: '[SSN]',
    });
    expect(chunks.map(({ delta }) => delta).join('')).toBe(result?.content);
  });

  test('is the very same where nothing is redacted', async () => {
    const text = '{ "n": 1.50, "a": [ "x" ] }';
    const { chat } = setUp({ chunks: letters(text) });
    expect((await chat([{ redact: {} }], { responseFormat })).result?.content).toBe(text);
  });

  test('that is cut short is redacted as text', async () => {
    const { chat } = setUp({ chunks: letters(`{"to":"${MAIL}","x":"`) });
    const { result } = await chat([{ redact: {} }], { responseFormat });
    expect(result?.content).toBe('{"to":"[EMAIL]","x":"');
  });

  test('as arguments of a tool stays JSON too', async () => {
    const toolCall = { id: 'c', name: 'pay', arguments: '{"card":4111111111111111}' };
    const { chat } = setUp({ chunks: [{ toolCall }] });
    const { result } = await chat([{ redact: {} }]);
    expect(result?.toolCalls?.[0]?.arguments).toBe('{"card":"[CREDITCARD]"}');
  });
});

describe('no unredacted text comes out', () => {
  test('when block finds something in the middle', async () => {
    const { chat, worker } = setUp({
      chunks: letters(`All fine here. Then ${MAIL}, and more words`),
    });
    const redact = { apply: 'output', replacement: { mode: 'block' } };
    const { chunks, error } = await chat([{ redact }]);
    expect(error).toMatchObject({ reason: 'Conflict', details: { rule: 'pii_found' } });
    expect(JSON.stringify(chunks)).not.toMatch(/ann|example/);
    expect(worker.seen[0]?.signal.aborted).toBe(true);
  });

  test('when the engine fails with text held back', async () => {
    const failure = new RpcError('WorkerCrashed', 'The engine died.');
    const { chat } = setUp({ chunks: letters(`So ${MAIL}`), failure });
    const { chunks, error } = await chat([{ redact: {} }]);
    expect(error).toMatchObject({ reason: 'WorkerCrashed' });
    expect(JSON.stringify(chunks)).not.toMatch(/ann|example/);
  });

  test('when the privacy worker is gone in the middle', async () => {
    const { chat, privacy } = setUp({
      chunks: letters(`Some plain words, then ${MAIL} and so on`),
    });
    const opening = privacy.redactor.openStream.bind(privacy.redactor);
    (privacy.redactor as { openStream: typeof opening }).openStream = (settings, call) => {
      void privacy.close();
      return opening(settings, call);
    };
    const { chunks, error } = await chat([{ redact: { apply: 'output' } }]);
    expect(error).toBeInstanceOf(RpcError);
    expect(JSON.stringify(chunks)).not.toMatch(/ann|example/);
  });

  test('when the caller cancels', async () => {
    const { handlers, call, worker } = setUp({
      chunks: letters(`plain words then ${MAIL} and on`),
    });
    const params = methods['llm.complete'].params.parse({
      prompt: 'x',
      pipeline: [{ redact: {} }],
    });
    const stream = handlers['llm.complete'](params, call);
    const first = await stream.next();
    call.abort();
    const { chunks, error } = await collect(stream);
    expect(error).toMatchObject({ reason: 'Cancelled' });
    expect(JSON.stringify([first, chunks])).not.toMatch(/ann|example/);
    expect(worker.seen[0]?.signal.aborted).toBe(true);
  });
});

test('what is sealed comes in no chunk, and opens as JSON', async () => {
  const { chat, privacy, call } = setUp({
    chunks: [{ reasoning: 'hm' }, ...letters(`To ${MAIL}.`)],
  });
  const session = { session: call.session, method: 'test', signal: call.signal };
  await privacy.keystore.initialize(session, 'd', { passphrase: Buffer.from('p'), kdf });
  const context = { purpose: 'chat' };
  const { chunks, result } = await chat([{ redact: {} }, { encrypt: { database: 'd', context } }]);
  expect(chunks).toEqual([]);
  expect(result).toMatchObject({
    content: '',
    finishReason: 'stop',
    usage: { completionTokens: 2 },
    privacy: { encrypted: 1, redacted: { EMAIL_ADDRESS: 1 } },
  });
  expect(result).not.toHaveProperty('reasoning');
  const opened = await vaultHandlers({ vault: privacy.vault })['vault.decrypt'](
    methods['vault.decrypt'].params.parse({ envelope: result?.sealed, database: 'd', context }),
    call,
  );
  expect(opened.value).toEqual({ json: { content: 'To [EMAIL].', reasoning: 'hm' } });
  expect(privacy.audit.effects.map(({ step }) => step)).toContain('encrypt');
});

test('the time that a call is given is for its redaction too', async () => {
  const { chat, worker } = setUp({ chunks: [] });
  // The worker that redacts has to start.
  const { error } = await chat([{ redact: {} }], { timeoutMs: 5 });
  expect(error).toMatchObject({ reason: 'Timeout', details: { timeoutMs: 5 } });
  expect(worker.seen).toEqual([]);
});

test('a locked vault refuses before the model reads anything', async () => {
  const { chat, worker } = setUp({ chunks: [] });
  const { error } = await chat([{ redact: {} }, { encrypt: { database: 'none' } }]);
  expect(error).toMatchObject({ reason: 'NotFound' });
  expect(worker.seen).toEqual([]);
});
