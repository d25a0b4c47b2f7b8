import { CliError, EXIT } from '../context.ts';

/** Control characters have no safe form in either file format. */
function assertSingleLine(text: string): void {
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new CliError(
      'InvalidPath',
      'A path or variable of the service contains a line break or control character.',
      EXIT.usage,
    );
  }
}

export function escapeXml(text: string): string {
  assertSingleLine(text);
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** One quoted word of a systemd setting whose words are unescaped (ExecStart, Environment). */
export function quoteSystemdWord(text: string): string {
  assertSingleLine(text);
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return `"${escaped}"`;
}

/** The first word of ExecStart, whose path systemd refuses with quotes or backslashes in it. */
export function quoteSystemdProgram(path: string): string {
  if (/["'\\]/.test(path)) {
    throw new CliError(
      'InvalidPath',
      'systemd cannot start a program whose path contains quotes or a backslash: move this installation.',
      EXIT.usage,
    );
  }
  // The colon turns off variable expansion; systemd takes a quote only at the start of a word.
  return quoteSystemdWord(`:${path}`);
}

/** One quoted word of a systemd path list, where a backslash is only itself and cannot escape. */
export function quoteSystemdPath(text: string): string {
  assertSingleLine(text);
  const quote = text.includes('"') ? "'" : '"';
  if (text.includes(quote)) {
    throw new CliError(
      'InvalidPath',
      'A folder of the service has both kinds of quotes in its name, which systemd cannot read.',
      EXIT.usage,
    );
  }
  return `${quote}${text.replaceAll('%', '%%')}${quote}`;
}
