import { describe, expect, test } from 'vitest';
import { createPeerCode } from '../../../daemon/transport/peer-code.ts';
import { createCodeChecker } from '../../../daemon/transport/platform/darwin-code.ts';
import {
  type Pointer,
  type Security,
  SecurityError,
} from '../../../daemon/transport/platform/darwin-security.ts';

const PEER = { uid: 501, gid: 20, pid: 77, instance: 'ab'.repeat(32) };
const CODE = { bundleId: 'com.acme.notes', teamId: 'AB12CD34EF' };
const HARDENED = 0x1_0001;
const GET_TASK_ALLOW = 0x4;
const DEBUGGED = 0x1000_0000;

interface Answers {
  readonly codeOf?: number;
  readonly validity?: number;
  readonly statusBits?: number;
}

/** Security.framework with given answers, which remembers what it was asked and what was released. */
function createSecurity({ codeOf = 0, validity = 0, statusBits = HARDENED }: Answers) {
  const asked: { token: string; requirement: string; flags: number }[] = [];
  const released: Pointer[] = [];
  let token = '';
  let requirement = '';
  const keep = (pointer: Pointer, owned: Pointer[]): Pointer => {
    owned.push(pointer);
    return pointer;
  };
  const security: Security = {
    codeOf: (auditToken, owned) => {
      token = Buffer.from(auditToken).toString('hex');
      if (codeOf !== 0) throw new SecurityError('SecCodeCopyGuestWithAttributes', codeOf);
      return keep(1, owned);
    },
    compileRequirement: (text, owned) => {
      requirement = text;
      return keep(2, owned);
    },
    checkValidity: (_, { flags }) => {
      asked.push({ token, requirement, flags });
      return validity;
    },
    readSigning: (_, owned) => {
      keep(3, owned);
      return { statusBits, codeDirectoryHash: 'cd'.repeat(20) };
    },
    release: (pointer) => void released.push(pointer),
  };
  return { security, asked, released };
}

function judge(answers: Answers, demanded: typeof CODE | 'nothing' = CODE) {
  const { security, ...seen } = createSecurity(answers);
  const peerCode = createPeerCode({
    log: { warn: () => undefined },
    platform: 'darwin',
    bindChecker: () => createCodeChecker(security),
  });
  return { finding: peerCode.judge(PEER, demanded === 'nothing' ? undefined : demanded), ...seen };
}

describe('attack 19: a peer on macOS', () => {
  test('that runs the declared, hardened code is proven', () => {
    expect(judge({}).finding).toEqual({ kind: 'proven' });
  });

  test.each([
    ['is unsigned', { validity: -67062 }, 'requirement', -67062],
    ['is signed ad hoc', { validity: -67050 }, 'requirement', -67050],
    ['is of another team', { validity: -67050 }, 'requirement', -67050],
    ['has a broken signature', { validity: -67061 }, 'requirement', -67061],
    ['is gone, or runs another program since', { codeOf: -67065 }, 'unreadable', -67065],
    ['was changed in memory', { statusBits: 0x1_0000 }, 'tampered', 0],
    ['has no hardened runtime', { statusBits: 1 }, 'unhardened', 0],
    [
      'may be debugged (get-task-allow)',
      { statusBits: HARDENED | GET_TASK_ALLOW },
      'debuggable',
      0,
    ],
    ['is debugged', { statusBits: HARDENED | DEBUGGED }, 'debuggable', 0],
  ] as const)('that %s is refused', (_, answers, why, status) => {
    expect(judge(answers).finding).toEqual({ kind: 'refused', why, status });
  });

  test('is asked about by its whole audit token, with its team and bundle, and without the network', () => {
    const { asked, released } = judge({});
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ token: PEER.instance, flags: 1 << 29 });
    expect(asked[0]?.requirement).toContain('identifier "com.acme.notes"');
    expect(asked[0]?.requirement).toContain('subject.OU] = "AB12CD34EF"');
    expect(released).toEqual([1, 2, 3]);
  });

  test('with a name that would change the requirement is refused, and the system is not asked', () => {
    const bundleId = 'a" or anchor apple or identifier "b';
    const { finding, asked } = judge({}, { ...CODE, bundleId });
    expect(finding).toMatchObject({ kind: 'refused' });
    expect(asked).toEqual([]);
  });

  test('of whom nothing is demanded is asked about all the same, for a name that nobody has', () => {
    const { finding, asked } = judge({ validity: -67050 }, 'nothing');
    expect(finding).toEqual({ kind: 'unasked' });
    expect(asked[0]?.requirement).toContain('identifier "app.locara.nobody"');
  });
});

test('without Security.framework whoever must have a code identity is refused, and that is logged once', () => {
  const events: string[] = [];
  const peerCode = createPeerCode({
    log: { warn: (event) => void events.push(event) },
    platform: 'darwin',
    bindChecker: () => {
      throw new Error('no such library');
    },
  });
  expect(peerCode.judge(PEER, CODE)).toMatchObject({ kind: 'refused', why: 'unreadable' });
  expect(peerCode.judge(PEER, undefined)).toEqual({ kind: 'unasked' });
  expect(events).toEqual(['code.unavailable']);
});

test('where the system recognises no code, nothing is asked', () => {
  const bindChecker = (): never => {
    throw new Error('not here');
  };
  const peerCode = createPeerCode({
    log: { warn: () => undefined },
    platform: 'linux',
    bindChecker,
  });
  expect(peerCode.isSupported).toBe(false);
  expect(peerCode.judge(PEER, CODE)).toEqual({ kind: 'unasked' });
});
