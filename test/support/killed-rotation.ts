import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Protection } from '../../daemon/stores/keys/master-places.ts';

const PASSPHRASE = 'correct horse battery';

/**
 * A child process that changes the master key and is killed before one of the changes that it makes on the disk:
 * files written, renamed, linked, removed. Tells how many there were when none was the last.
 */
const [folder = '', to = 'file', killAt = '0'] = process.argv.slice(2);
let changes = 0;
let isWatching = false;

function watch<F extends (...args: never[]) => unknown>(change: F): F {
  return ((...args: never[]) => {
    if (!isWatching) return change(...args);
    changes += 1;
    if (changes === Number(killAt)) process.kill(process.pid, 'SIGKILL');
    return change(...args);
  }) as F;
}

Object.assign(fs, {
  linkSync: watch(fs.linkSync),
  writeSync: watch(fs.writeSync),
  unlinkSync: watch(fs.unlinkSync),
  writeFileSync: watch(fs.writeFileSync),
});
Object.assign(fs.promises, { rename: watch(fs.promises.rename) });
syncBuiltinESMExports();

const { keyPathsIn, makeCustody, TestKeyring } = await import('./key-custody.ts');
const keyring = new TestKeyring(`${folder}/keyring.json`);
const custody = makeCustody(keyPathsIn(folder), { keyring, preferred: 'keyring' });
const kind = to as Protection['kind'];
isWatching = true;
await custody.protect(
  kind === 'passphrase' ? { kind, passphrase: Buffer.from(PASSPHRASE) } : { kind },
);
isWatching = false;
process.stdout.write(String(changes));
