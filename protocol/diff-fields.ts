import { parseModelPin } from './app-manifest.ts';
import type { Kind } from './lattice.ts';
import type { RightsChange, RightsDiff } from './rights-change.ts';
import { type RightWords, wordModel } from './rights-words.ts';

/** One field before and after. */
export interface Sides<T> {
  readonly before: T;
  readonly after: T;
}

type Words<T> = (item: T) => RightWords;

/** What two sets of one kind ask for: anything that no single thing of before includes is more. */
export function diffSets<T>(
  kind: Kind<T>,
  { before, after }: Sides<readonly T[]>,
  word: Words<T>,
): RightsDiff {
  const diff = noChanges();
  const isIn = (item: T, set: readonly T[]): boolean =>
    set.some((other) => kind.covers(other, item));
  const related = (item: T, set: readonly T[]): RightWords[] =>
    set.filter((other) => kind.meet(other, item) !== undefined).map(word);
  for (const item of after.filter((one) => !isIn(one, before))) {
    const from = related(item, before);
    if (from.length === 0) diff.added.push(addition(word(item)));
    else diff.widened.push(widening(from, word(item)));
  }
  for (const item of before.filter((one) => !isIn(one, after))) {
    const to = related(item, after);
    if (to.length === 0) diff.removed.push(removal(word(item)));
    else diff.narrowed.push(narrowing(word(item), to));
  }
  return diff;
}

/** A model under another digest is another model: the user never agreed to fetch that one. */
export function diffModels({ before, after }: Sides<readonly string[]>): RightsDiff {
  const diff = noChanges();
  const fresh = after.filter((pin) => !before.includes(pin));
  const gone = before.filter((pin) => !after.includes(pin));
  const sameModel = (pin: string, pins: readonly string[]): string[] =>
    pins.filter((other) => parseModelPin(other).id === parseModelPin(pin).id);
  for (const pin of fresh) {
    const from = sameModel(pin, gone);
    if (from.length === 0) diff.added.push(addition(wordModel(pin)));
    else {
      const { id } = parseModelPin(pin);
      const sentence = `It wants another edition of the model ${id}, which is fetched anew: its digest is not the one you agreed to.`;
      diff.widened.push({ path: 'models', sentence, from: from.join(', '), to: pin });
    }
  }
  for (const pin of gone) {
    if (sameModel(pin, fresh).length === 0) diff.removed.push(removal(wordModel(pin)));
  }
  return diff;
}

/** Steps from nothing (the first one) to everything. */
export function diffLadders<T>(
  ladder: readonly T[],
  { before, after }: Sides<T>,
  word: Words<T>,
): RightsDiff {
  const diff = noChanges();
  const [from, to] = [ladder.indexOf(before), ladder.indexOf(after)];
  if (from < to && from === 0) diff.added.push(addition(word(after)));
  else if (from < to) diff.widened.push(widening([word(before)], word(after)));
  else if (to < from && to === 0) diff.removed.push(removal(word(before)));
  else if (to < from) diff.narrowed.push(narrowing(word(before), [word(after)]));
  return diff;
}

/** A number of which more is asked for, or less. */
export function diffAmounts({ before, after }: Sides<number>, word: Words<number>): RightsDiff {
  const diff = noChanges();
  if (before < after) diff.widened.push(widening([word(before)], word(after)));
  else if (after < before) diff.narrowed.push(narrowing(word(before), [word(after)]));
  return diff;
}

type Ports = 'all' | readonly number[];

/** Of apps that reach the network both before and after: to others the hosts say it all. */
export function diffPorts({ before, after }: Sides<Ports>, word: Words<Ports>): RightsDiff {
  const diff = noChanges();
  const covers = (wide: Ports, narrow: Ports): boolean =>
    wide === 'all' || (narrow !== 'all' && narrow.every((port) => wide.includes(port)));
  if (before.length === 0 || after.length === 0) return diff;
  if (!covers(before, after)) diff.widened.push(widening([word(before)], word(after)));
  else if (!covers(after, before)) diff.narrowed.push(narrowing(word(before), [word(after)]));
  return diff;
}

export function mergeDiffs(diffs: readonly RightsDiff[]): RightsDiff {
  return {
    added: diffs.flatMap(({ added }) => added),
    widened: diffs.flatMap(({ widened }) => widened),
    narrowed: diffs.flatMap(({ narrowed }) => narrowed),
    removed: diffs.flatMap(({ removed }) => removed),
  };
}

function noChanges(): RightsDiff {
  return { added: [], widened: [], narrowed: [], removed: [] };
}

function addition(words: RightWords): RightsChange {
  const sentence = `It wants to ${words.verb}, which it could not before.`;
  return { ...about(words), sentence, to: words.name };
}

function widening(from: readonly RightWords[], to: RightWords): RightsChange {
  const sentence = `It wants to ${to.verb}; before: ${joinNames(from)}.`;
  return { ...about(to), sentence, from: joinNames(from), to: to.name };
}

function narrowing(from: RightWords, to: readonly RightWords[]): RightsChange {
  const verbs = to.map(({ verb }) => verb).join(', and to ');
  const sentence = `It asks only to ${verbs}; before: ${from.name}.`;
  return { ...about(from), sentence, from: from.name, to: joinNames(to) };
}

function removal(words: RightWords): RightsChange {
  return { ...about(words), sentence: `It no longer asks to ${words.verb}.`, from: words.name };
}

function about({ path, capability }: RightWords): Pick<RightsChange, 'path' | 'capability'> {
  return capability === undefined ? { path } : { path, capability };
}

function joinNames(words: readonly RightWords[]): string {
  return words.map(({ name }) => name).join(', ');
}
