/** Asks once, and answers the same for `ms`: what is costly to find out is not found out for every caller. */
export function rememberFor<Result>(ms: number, ask: () => Promise<Result>): () => Promise<Result> {
  let asked: { readonly at: number; readonly answer: Promise<Result> } | undefined;
  return () => {
    const now = performance.now();
    if (asked === undefined || now - asked.at > ms) asked = { at: now, answer: ask() };
    return asked.answer;
  };
}
