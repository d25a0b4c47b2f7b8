import { chmodSync, chownSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const NOBODY = 65_534;

/**
 * Runs as somebody to whom a closed folder is closed: root reads what nobody may. Under root that is `nobody`, who can
 * reach the tree meanwhile, and owns it with `owns`.
 */
export async function asOrdinaryUser<Result>(
  tree: string,
  run: () => Result | Promise<Result>,
  { owns = false } = {},
): Promise<Result> {
  if (process.geteuid?.() !== 0) return run();
  for (let folder = tree; folder !== dirname(tmpdir()); folder = dirname(folder)) {
    chmodSync(folder, statSync(folder).mode | 0o055);
  }
  if (owns) {
    chownSync(tree, NOBODY, NOBODY);
    for (const path of readdirSync(tree, { recursive: true, encoding: 'utf8' })) {
      chownSync(join(tree, path), NOBODY, NOBODY);
    }
  }
  process.seteuid?.(NOBODY);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}
