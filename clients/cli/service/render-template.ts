/**
 * Fills every `{{name}}` of a template. A line that holds nothing but a placeholder disappears
 * when its value is empty. A placeholder without a value, or a value without one, is a bug.
 */
export function renderTemplate(
  template: string,
  values: Readonly<Record<string, string | number>>,
): string {
  const unused = new Set(Object.keys(values));
  const valueOf = (name: string): string => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`the template asks for an unknown value: ${name}`);
    unused.delete(name);
    return String(value);
  };
  const lines = template.split('\n').flatMap((line) => {
    const filled = line.replace(/\{\{(\w+)\}\}/g, (_, name: string) => valueOf(name));
    return filled === '' && line !== '' ? [] : [filled];
  });
  if (unused.size > 0) throw new Error(`the template leaves out: ${[...unused].join(', ')}`);
  return lines.join('\n');
}
