import type { Token } from '../token.ts';
import type { Run } from './run.ts';

/** Where, within a piece of a prompt, the engine must say what could come next. */
export function outputsOf({ request, tokens }: Run, position: number, size: number): number[] {
  if (!('target' in request)) return position + size === tokens.length ? [size - 1] : [];
  const firstAt = request.prompt.length - 1;
  return Array.from({ length: size }, (_value, at) => at).filter((at) => {
    const index = position + at;
    return index >= firstAt && index < tokens.length - 1;
  });
}

/** Of one token, among `[token, probability, …]`. */
export function probabilityOf(token: Token | undefined, probabilities: readonly number[]): number {
  for (let at = 0; at < probabilities.length; at += 2) {
    if (probabilities[at] === token) return probabilities[at + 1] ?? 0;
  }
  return 0;
}
