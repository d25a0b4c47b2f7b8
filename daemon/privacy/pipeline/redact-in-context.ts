import type { RunningPipeline } from './pipeline.ts';

/** A text, and the name of the field that it stands in. */
export interface TextOfField {
  readonly text: string;
  readonly name?: string | undefined;
}

/**
 * The texts redacted, each looked at behind the name of its field, as words before a number tell what it is
 * (`ssn: 536…`); the names themselves are not in the answer.
 */
export async function redactInContext(
  running: Pick<RunningPipeline, 'redactTexts'>,
  texts: readonly TextOfField[],
): Promise<string[]> {
  const contexts = texts.map(({ name }) => (name === undefined ? '' : `${name}: `));
  const inContext = texts.map(({ text }, at) => `${contexts[at] ?? ''}${text}`);
  const redacted = await running.redactTexts(inContext);
  const own = redacted.map((whole, at) => cutContext(whole, contexts[at] ?? ''));
  // Where the name was redacted with its text, the text alone.
  const joined = texts.filter((_text, at) => own[at] === undefined).map(({ text }) => text);
  const alone = (joined.length === 0 ? [] : await running.redactTexts(joined)).values();
  return own.map((text) => text ?? alone.next().value ?? '');
}

function cutContext(redacted: string, context: string): string | undefined {
  return redacted.startsWith(context) ? redacted.slice(context.length) : undefined;
}
