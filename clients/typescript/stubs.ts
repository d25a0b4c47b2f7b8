/** Turns `namespace.verb` names into an object of objects of functions. */
export function buildStubs(
  names: readonly string[],
  toStub: (name: string) => unknown,
): Record<string, Record<string, unknown>> {
  const stubs: Record<string, Record<string, unknown>> = {};
  for (const name of names) {
    const [namespace = '', verb = ''] = name.split('.');
    (stubs[namespace] ??= {})[verb] = toStub(name);
  }
  return stubs;
}
