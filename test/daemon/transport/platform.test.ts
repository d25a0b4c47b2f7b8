import { describe, expect, test } from 'vitest';
import { renderCodeRequirement } from '../../../daemon/transport/platform/code-requirement.ts';
import { judgeSigning } from '../../../daemon/transport/platform/darwin-code.ts';
import { toParent, toPeer } from '../../../daemon/transport/platform/darwin.ts';

describe('a code requirement', () => {
  test('names bundle, team and Developer ID', () => {
    const identity = { bundleId: 'com.example.notes-2', teamId: 'AB12CD34EF' };
    expect(renderCodeRequirement(identity)).toBe(
      'anchor apple generic and identifier "com.example.notes-2" and ' +
        'certificate leaf[subject.OU] = "AB12CD34EF" and ' +
        'certificate 1[field.1.2.840.113635.100.6.2.6] exists and ' +
        'certificate leaf[field.1.2.840.113635.100.6.1.13] exists',
    );
  });

  test('can name one exact build', () => {
    expect(renderCodeRequirement({ codeDirectoryHash: 'ab'.repeat(20) })).toBe(
      `cdhash H"${'ab'.repeat(20)}"`,
    );
  });

  test.each(['a" or anchor apple or identifier "b', '', 'a b', 'a\nb', 'a/*', 'ä', 'a\0'])(
    'attack 19: refuses the bundle id %j',
    (bundleId) => {
      expect(() => renderCodeRequirement({ bundleId, teamId: 'AB12CD34EF' })).toThrow('bundle id');
    },
  );

  test.each(['AB12CD34E', 'AB12CD34EFG', 'ab12cd34ef', 'AB12CD34E"', 'AB12CD34EF\n', ''])(
    'attack 19: refuses the team id %j',
    (teamId) => {
      expect(() => renderCodeRequirement({ bundleId: 'a.b', teamId })).toThrow('team id');
    },
  );

  test.each(['', 'AB'.repeat(20), 'ab'.repeat(19), `${'ab'.repeat(20)}"`])(
    'attack 19: refuses the code directory hash %j',
    (codeDirectoryHash) => {
      expect(() => renderCodeRequirement({ codeDirectoryHash })).toThrow('hash');
    },
  );
});

describe('the credentials macOS gives', () => {
  function seen(change: Partial<Record<'pid' | 'tokenPid' | 'tokenUid' | 'version', number>> = {}) {
    const credentials = new DataView(new ArrayBuffer(76));
    credentials.setUint32(0, change.version ?? 0, true);
    credentials.setUint32(4, 501, true);
    credentials.setUint16(8, 1, true);
    credentials.setUint32(12, 20, true);
    const token = new DataView(new ArrayBuffer(32));
    token.setUint32(4, change.tokenUid ?? 501, true);
    token.setUint32(20, change.tokenPid ?? 77, true);
    token.setUint32(28, 9, true);
    return { credentials, token, pid: change.pid ?? 77 };
  }

  test('make a peer whose instance is the whole audit token', () => {
    const peer = toPeer(seen());
    expect(peer).toMatchObject({ uid: 501, gid: 20, pid: 77 });
    expect(peer.instance).toMatch(/^[0-9a-f]{64}$/);
    expect(peer.instance.endsWith('09000000')).toBe(true);
  });

  test.each([{ tokenPid: 78 }, { tokenUid: 0 }, { pid: 0, tokenPid: 0 }, { version: 1 }])(
    'are refused when they disagree: %j',
    (change) => {
      expect(() => toPeer(seen(change))).toThrow();
    },
  );
});

describe('attack 19: code whose signature is right', () => {
  const codeDirectoryHash = 'ab'.repeat(20);
  test.each([
    [0x1_0001, { isAccepted: true, codeDirectoryHash }],
    [0x1_0000, { isAccepted: false, why: 'tampered', status: 0 }],
    [0x1, { isAccepted: false, why: 'unhardened', status: 0 }],
    [0x1_0001 | 0x4, { isAccepted: false, why: 'debuggable', status: 0 }],
    [0x1_0001 | 0x1000_0000, { isAccepted: false, why: 'debuggable', status: 0 }],
  ] as const)('with status %i is judged by it', (statusBits, verdict) => {
    expect(judgeSigning({ statusBits, codeDirectoryHash })).toEqual(verdict);
  });
});

describe('the parent of a macOS process', () => {
  // struct proc_bsdshortinfo as the kernel writes it: pid 4711, parent 812, group 4711.
  const info = new DataView(Uint8Array.of(0x67, 0x12, 0, 0, 0x2c, 3, 0, 0, 0x67, 0x12).buffer);

  test('is read beside its own number', () => {
    expect(toParent(info, 4711)).toBe(812);
  });

  test('is unknown when the answer is about another process', () => {
    expect(toParent(info, 4712)).toBeUndefined();
  });
});
