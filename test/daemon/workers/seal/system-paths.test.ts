import { expect, test } from 'vitest';
import { listMappedFiles } from '../../../../daemon/workers/seal/system-paths.ts';

test('of what a process has mapped, only files that are still there are named', () => {
  const maps = [
    '00400000-00452000 r-xp 00000000 08:02 173521      /nix/store/a b/bin/node',
    '00651000-00652000 r--p 00051000 08:02 173521      /nix/store/a b/bin/node',
    '7f10-7f20 rw-p 00000000 00:00 0                   [heap]',
    '7f30-7f40 rw-p 00000000 00:00 0 ',
    '7f50-7f60 rw-s 00000000 00:05 1024                /memfd:x (deleted)',
  ].join('\n');
  expect(listMappedFiles(maps)).toEqual(['/nix/store/a b/bin/node']);
});
