import type { Source } from './sources.ts';

/** One rule about what a file may say. */
export interface TextRule {
  readonly name: string;
  readonly files: RegExp;
  readonly forbids: RegExp;
  readonly violation: Source;
}

export const TEXT_RULES: readonly TextRule[] = [
  {
    name: 'only main.ts ends the process or hears its signals',
    files: /^(?!(daemon|clients\/cli|daemon\/workers\/\w+)\/main\.ts$)/,
    forbids: /\bprocess\.(exit|on|once|abort)\(/,
    violation: { path: 'daemon/daemon.ts', text: 'process.exit(1);' },
  },
  {
    name: 'only config.ts reads the environment in the daemon',
    files: /^daemon\/(?!config\.ts$)/,
    forbids: /\bprocess\.env\b/,
    violation: { path: 'daemon/log.ts', text: "const level = process.env['LEVEL'];" },
  },
  {
    name: 'only paths.ts names a folder of the user in the daemon',
    files: /^daemon\/(?!paths\.ts$)/,
    forbids: /\bhomedir\(|XDG_|'Library'/,
    violation: { path: 'daemon/log.ts', text: "join(homedir(), 'logs');" },
  },
  {
    name: 'no default exports',
    files: /./,
    forbids: /^export default\b/m,
    violation: { path: 'daemon/log.ts', text: 'export default 1;' },
  },
  {
    name: 'no module-level mutable state',
    files: /./,
    forbids: /^(export )?(let|var)\b/m,
    violation: { path: 'daemon/log.ts', text: 'let count = 0;' },
  },
  {
    name: 'every import names a file that exists, with its extension',
    files: /./,
    forbids: /\bfrom '\.[^']*(?<!\.ts|\.json)'/,
    violation: { path: 'daemon/log.ts', text: "import { a } from './paths';" },
  },
  {
    name: 'no program is started through a shell',
    files: /./,
    forbids: /\bshell: true\b|\bexec(Sync)?\(['"`]/,
    violation: { path: 'daemon/log.ts', text: 'execSync(`ls ${folder}`);' },
  },
  {
    name: 'no randomness for privacy comes from Math.random',
    files: /^daemon\/privacy\//,
    forbids: /\bMath\s*(\.|\[['"`])random\b/,
    violation: { path: 'daemon/privacy/noise/noise.ts', text: 'const u = Math.random();' },
  },
  {
    name: 'noise is drawn with whole numbers: no fraction, no logarithm, no division but the exact ones',
    files: /^daemon\/privacy\/noise\/sampling\/(?!whole-numbers\.ts$)/,
    forbids:
      /\bMath\.(?!clz32\b)|\*\* -|\d\.\d|e-\d|\bFloat(16|32|64)Array\b|\bgetRandomValues\b|^(?!\s*(\/\/|\*|\/\*\*))[^'"`\n]*[\w)\]] \/ (?!wideWhole\)|wideLow\)|WORD;)/m,
    violation: {
      path: 'daemon/privacy/noise/sampling/discrete-laplace.ts',
      text: 'const uniform = random.below(2 ** 32) / 2 ** 32;',
    },
  },
  {
    name: 'what a caller reads of an error is a sentence with its full stop',
    files: /^daemon\//,
    forbids: /\bnew RpcError\(\s*'\w+',\s*('[^'\n]*[^.'\n]'|`[^`]*[^.`]`)/,
    violation: { path: 'daemon/log.ts', text: "new RpcError('NotFound', 'No such blob', {" },
  },
];

const BANNED = /(^|[-/])(managers?|helpers?|utils?|common|misc|data|info|impl|base)(-|\/|\.ts$)/;

export function findTextViolations(rule: TextRule, sources: readonly Source[]): string[] {
  return sources
    .filter(({ path, text }) => rule.files.test(path) && rule.forbids.test(text))
    .map(({ path }) => path);
}

export function findBannedNames(sources: readonly Source[]): string[] {
  return sources.map(({ path }) => path).filter((path) => BANNED.test(path));
}

/** Folders and files in kebab-case, and one word for one thing. */
export function findMisnamed(sources: readonly Source[]): string[] {
  return sources
    .map(({ path }) => path)
    .filter((path) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path));
}
