import type { Hit, Mark, MarkedText } from '../text/marked-text.ts';
import type { AnswerPlan } from './plan.ts';

/** A place in the text where something else begins. */
export interface AnswerMark extends Mark {
  readonly kind: 'stop' | 'call' | 'thought' | 'thoughtEnd';
  /** Words of an answer are no marks: this one counts at its beginning, or when a special token makes it. */
  readonly isOnlyAtStart: boolean;
}

/** The marks that can end what is being written: a thought, or else content. */
export function marksOf(plan: AnswerPlan, state: 'thought' | 'content'): AnswerMark[] {
  const { calls, prompt, thought, stop } = plan;
  const mark = (
    kind: AnswerMark['kind'],
    text: string | undefined,
    isOnlyAtStart = false,
  ): AnswerMark[] => (text === undefined || text === '' ? [] : [{ kind, text, isOnlyAtStart }]);
  const stops = prompt.stopStrings.flatMap((text) => mark('stop', text));
  if (state === 'thought') return [...stops, ...mark('thoughtEnd', thought?.closing)];
  return [
    ...stops,
    ...stop.flatMap((text) => mark('stop', text)),
    ...mark('thought', thought?.opening, true),
    ...mark('call', calls?.first.trigger, calls?.first.isOnlyAtStart),
  ];
}

/** The first mark in the text that counts, behind the content that was sent before. */
export function findMark(
  text: MarkedText,
  marks: readonly AnswerMark[],
  content: string,
): Hit<AnswerMark> | undefined {
  const isAtStart = (at: number): boolean =>
    content.trim() === '' && text.text.slice(0, at).trim() === '';
  const hit = text.find(marks);
  if (hit === undefined || !hit.mark.isOnlyAtStart || hit.isSpecial || isAtStart(hit.at))
    return hit;
  return findMark(
    text,
    marks.filter((mark) => mark !== hit.mark),
    content,
  );
}
