import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkManifest } from '@locara/protocol';
import { arbitraryManifestJson } from '../support/arbitrary-manifest.ts';

describe('any document', () => {
  const change = fc.tuple(
    fc.nat(5000),
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      '\\',
      '0',
      'e',
      '*',
      '/',
      '.',
      '\0',
      '\u00e9',
    ),
  );

  test('is answered, never with a failure, and an error says where and why', () => {
    fc.assert(
      fc.property(
        arbitraryManifestJson,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        (json, changes) => {
          const characters = Array.from(JSON.stringify(json));
          for (const [index, character] of changes) {
            characters[index % characters.length] = character;
          }
          const { manifest, errors } = checkManifest(Buffer.from(characters.join('')));
          expect(manifest === undefined).toBe(errors.length > 0);
          for (const { rule } of errors) expect(rule).not.toBe('');
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('with any value in any field is answered, with the path of that field', () => {
    const field = fc.constantFrom(
      ...['name', 'license', 'author', 'models', 'capabilities', 'storage', 'tags', 'homepage'],
    );
    fc.assert(
      fc.property(arbitraryManifestJson, field, fc.jsonValue(), (json, key, value) => {
        // Refused without a path: a key of the prototype, and what only looks as if it had a length.
        fc.pre(!/__proto__|"length"/.test(JSON.stringify(value)));
        const bytes = Buffer.from(JSON.stringify({ ...json, [key]: value }));
        for (const { path } of checkManifest(bytes).errors) {
          expect(path.startsWith(key), path).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('that is accepted is accepted again, with its defaults written out, as the same', () => {
    fc.assert(
      fc.property(arbitraryManifestJson, (json) => {
        const { manifest } = checkManifest(Buffer.from(JSON.stringify(json)));
        expect(manifest).toBeDefined();
        const again = checkManifest(Buffer.from(JSON.stringify(manifest)));
        expect(again.manifest).toEqual(manifest);
      }),
    );
  });
});
