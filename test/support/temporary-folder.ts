import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One temporary folder for the whole run, removed at its end: every test makes its own inside. */
export default function setUp(): () => void {
  const outer = process.env['TMPDIR'];
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'lt-'));
  process.env['TMPDIR'] = folder;
  return () => {
    if (outer === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = outer;
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}
