/** Turns names like `llm.chat` and `privacy.budget.create` into an object of objects of functions. */
export function buildStubs(
  names: readonly string[],
  toStub: (name: string) => unknown,
): Record<string, Record<string, unknown>> {
  const stubs: Record<string, Record<string, unknown>> = {};
  for (const name of names) {
    const parts = name.split('.');
    const verb = parts.pop() ?? '';
    let tree: Record<string, unknown> = stubs;
    for (const part of parts) tree = (tree[part] ??= {}) as Record<string, unknown>;
    tree[verb] = toStub(name);
  }
  return stubs;
}
