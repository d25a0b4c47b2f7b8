import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

export const ROOT = join(import.meta.dirname, '../..');

/** A source file by its path in the repository, with forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** What a file imports: a path in the repository, `node:…`, or the name of a package. */
export interface Import {
  readonly target: string;
  /** By a path, not by a package's name. */
  readonly isRelative: boolean;
  /** Gone before the code runs. */
  readonly isTypeOnly: boolean;
}

const FOLDERS = ['protocol', 'daemon', 'clients'];

export function readSources(root: string = ROOT): readonly Source[] {
  const pattern = `{${FOLDERS.join(',')}}/**/*.ts`;
  const isOurs = (path: string): boolean => !/(^|\/)(node_modules|dist)\//.test(path);
  return globSync(pattern, { cwd: root, exclude: (path) => !isOurs(`${path}/`) })
    .filter((path) => isOurs(path) && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Static and dynamic imports, re-exports and `require` calls with a literal name. */
export function listImports(source: Source): readonly Import[] {
  const imports: Import[] = [];
  const add = (name: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (name === undefined || !ts.isStringLiteralLike(name)) return;
    const target = toTarget(source.path, name.text);
    imports.push({ target, isRelative: name.text.startsWith('.'), isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && loadsModule(node.expression)) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest));
  return imports;
}

function loadsModule(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(callee) && callee.text === 'require')
  );
}

const OWN_ENTRANCES: Record<string, string> = {
  '@locara/protocol': 'protocol/index.ts',
  '@locara/protocol/errors': 'protocol/errors.ts',
  '@locara/protocol/limits': 'protocol/limits.ts',
  '@locara/protocol/parse-json': 'protocol/parse-json.ts',
  '@locara/protocol/pattern-names': 'protocol/pattern-names.ts',
  '@locara/protocol/strict-json': 'protocol/strict-json.ts',
  '@locara/client': 'clients/typescript/index.ts',
  '@locara/daemon': 'daemon/main.ts',
  '@locara/cli': 'clients/cli/main.ts',
};

function toTarget(from: string, name: string): string {
  if (name.startsWith('.')) return join(dirname(from), name);
  const [scope = '', second] = name.split('/');
  const packageName = scope.startsWith('@') ? `${scope}/${second ?? ''}` : scope;
  if (name.startsWith('node:')) return name;
  return OWN_ENTRANCES[name] ?? packageName;
}
