import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AppManifest,
  coversHost,
  coversUserPath,
  diffRights,
  isExpansion,
  meetRights,
  narrowManifest,
  normalizeRights,
  type Rights,
  rightsOf,
} from '@locara/protocol';
import { arbitraryManifest } from '../support/arbitrary-manifest.ts';
import { arbitraryRights } from '../support/arbitrary-rights.ts';
import { createManifest } from '../support/signed-package.ts';

const isBelow = (left: Rights, right: Rights): boolean =>
  fc.stringify(meetRights(left, right)) === fc.stringify(left);

function rightsFrom(overrides: Readonly<Record<string, unknown>>): Rights {
  return rightsOf(AppManifest.parse(JSON.parse(createManifest(overrides).toString())));
}

describe('the meet', () => {
  test('does not depend on which side is which', () => {
    fc.assert(
      fc.property(arbitraryRights, arbitraryRights, (left, right) => {
        expect(meetRights(left, right)).toEqual(meetRights(right, left));
      }),
    );
  });

  test('does not depend on the order of three', () => {
    fc.assert(
      fc.property(arbitraryRights, arbitraryRights, arbitraryRights, (one, two, three) => {
        expect(meetRights(meetRights(one, two), three)).toEqual(
          meetRights(one, meetRights(two, three)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('of rights with themselves is what they are', () => {
    fc.assert(
      fc.property(arbitraryRights, (rights) => {
        expect(meetRights(rights, rights)).toEqual(rights);
        expect(normalizeRights(rights)).toEqual(rights);
      }),
    );
  });

  test('is below both sides', () => {
    fc.assert(
      fc.property(arbitraryRights, arbitraryRights, (left, right) => {
        const meet = meetRights(left, right);
        expect(isBelow(meet, left) && isBelow(meet, right)).toBe(true);
      }),
    );
  });

  test('is the greatest below both: in no field is there more that is below both', () => {
    fc.assert(
      fc.property(arbitraryRights, arbitraryRights, arbitraryRights, (left, right, other) => {
        const meet = meetRights(left, right);
        for (const key of Object.keys(other) as (keyof Rights)[]) {
          const candidate = normalizeRights({ ...meet, [key]: other[key] });
          const isBelowBoth = isBelow(candidate, left) && isBelow(candidate, right);
          if (isBelowBoth) expect(isBelow(candidate, meet), key).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the diff', () => {
  test('adds or widens something exactly when the old rights do not allow all of the new', () => {
    fc.assert(
      fc.property(arbitraryRights, arbitraryRights, (before, after) => {
        expect(isExpansion(diffRights(before, after))).toBe(!isBelow(after, before));
      }),
      { numRuns: 1000 },
    );
  });

  test('drops or narrows something exactly when the new rights do not allow all of the old', () => {
    fc.assert(
      fc.property(arbitraryRights, arbitraryRights, (before, other) => {
        const after = meetRights(before, other);
        const { removed, narrowed } = diffRights(before, after);
        expect(removed.length + narrowed.length > 0).toBe(!isBelow(before, after));
      }),
    );
  });

  test('of every single field that grows is an expansion', () => {
    fc.assert(
      fc.property(arbitraryRights, arbitraryRights, (before, other) => {
        for (const key of Object.keys(other) as (keyof Rights)[]) {
          const after = normalizeRights({ ...before, [key]: other[key] });
          expect(isExpansion(diffRights(before, after)), key).toBe(!isBelow(after, before));
        }
      }),
    );
  });
});

describe('a narrowed manifest', () => {
  test('asks, capabilities aside, for what it asked for and was approved, and for no more', () => {
    fc.assert(
      fc.property(arbitraryManifest, arbitraryRights, (manifest, approved) => {
        const rights = rightsOf(narrowManifest(manifest, approved));
        const { capabilities } = rightsOf(manifest);
        expect(rights).toEqual({ ...meetRights(rightsOf(manifest), approved), capabilities });
      }),
      { numRuns: 1000 },
    );
  });

  test('asks for all it asked for when all of that was approved', () => {
    fc.assert(
      fc.property(arbitraryManifest, (manifest) => {
        expect(rightsOf(narrowManifest(manifest, rightsOf(manifest)))).toEqual(rightsOf(manifest));
      }),
    );
  });

  test('is a manifest again', () => {
    fc.assert(
      fc.property(arbitraryManifest, arbitraryManifest, (manifest, other) => {
        const narrowed = narrowManifest(manifest, rightsOf(other));
        expect(AppManifest.parse(JSON.parse(JSON.stringify(narrowed)))).toEqual(narrowed);
      }),
    );
  });
});

describe('attack 33: a scope cannot be widened silently', () => {
  const paths = (...names: string[]): Rights =>
    rightsFrom({
      capabilities: {
        fs: { 'user-paths': Object.fromEntries(names.map((name) => [name, 'read'])) },
      },
    });
  const hosts = (...names: string[]): Rights =>
    rightsFrom({ capabilities: { net: { allowed_hosts: names } } });

  test.each([
    ['by a glob', paths('documents/*.md'), paths('documents/*')],
    ['by another glob', paths('documents/*.md'), paths('documents/*.m*')],
    ['by a deep glob', paths('documents/*'), paths('documents/**')],
    ['from everything below to the place', paths('documents/**'), paths('documents')],
    ['from entries to what lies in them', paths('documents/*'), paths('documents/notes')],
    ['by a shorter path', paths('documents/notes'), paths('documents')],
    ['by a longer name', paths('documents/note'), paths('documents/notes')],
    ['by case', paths('documents/notes'), paths('documents/Notes')],
    ['by another root', paths('documents'), paths('~/documents')],
    ['by the root', paths('~'), paths('/')],
    ['from everything below the root to the root', paths('/**'), paths('/')],
    ['by a wildcard host', hosts('api.example.org'), hosts('*.example.org')],
    ['by the name above a wildcard', hosts('*.example.org'), hosts('example.org')],
    ['by a name that ends alike', hosts('*.example.org'), hosts('evil-example.org')],
    ['by a deeper wildcard', hosts('*.example.org'), hosts('*.org')],
  ])('%s', (_, before, after) => {
    expect(isExpansion(diffRights(before, after))).toBe(true);
  });

  test.each(['documents/../downloads', './documents', 'documents/', 'DOCUMENTS', 'a\\b'])(
    'an approved %j, which no manifest can name, includes nothing but itself',
    (path) => {
      expect(coversUserPath(path, 'downloads')).toBe(false);
      expect(coversUserPath(path, 'documents/x')).toBe(false);
      expect(coversUserPath('documents', path)).toBe(false);
    },
  );

  test('what is provably narrower is narrower', () => {
    expect(coversUserPath('documents', 'documents/**')).toBe(true);
    expect(coversUserPath('documents/**', 'documents/a/b')).toBe(true);
    expect(coversUserPath('documents/**', 'documents/*.md')).toBe(true);
    expect(coversUserPath('documents/*', 'documents/*.md')).toBe(true);
    expect(coversUserPath('/', '/srv/media')).toBe(true);
    expect(coversHost('*.example.org', '*.api.example.org')).toBe(true);
  });
});
