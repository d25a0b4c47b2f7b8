import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createBundle } from '../../../../clients/cli/sign-package.ts';
import {
  type BundleDocument,
  bundleOf,
  manifestBytes,
  trusting,
  verifySigned,
} from '../../../support/bundles.ts';
import { createKeyPair, createManifest, ruleOf } from '../../../support/signed-package.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/sigstore');

describe.each(['ecdsa-p256', 'ed25519'] as const)('a bundle by an %s key', (algorithm) => {
  const key = createKeyPair(algorithm);

  test('is accepted and names its key', async () => {
    const signed = { manifestBytes, bundleBytes: bundleOf(key) };
    const { signer } = await verifySigned(signed, await trusting(createKeyPair(), key));
    expect(signer).toMatchObject({ words: 'key you trust “key 1”', scope: 'sideloading' });
  });

  test('is refused for a manifest with one byte more, one less, or one changed', async () => {
    const list = await trusting(key);
    const changed = Buffer.from(manifestBytes);
    changed[10] = (changed[10] ?? 0) ^ 1;
    for (const bytes of [
      Buffer.concat([manifestBytes, Buffer.from('\n')]),
      manifestBytes.subarray(0, -1),
      changed,
    ]) {
      expect(
        await ruleOf(() =>
          verifySigned({ manifestBytes: bytes, bundleBytes: bundleOf(key) }, list),
        ),
      ).toBe('Unauthenticated digest_mismatch');
    }
  });

  test('is refused for another manifest even when the digest was made to fit', async () => {
    const other = createManifest({ version: '2.0.0' });
    const digest = (createBundle(other, key.privateKey) as unknown as BundleDocument)
      .messageSignature.messageDigest;
    const bundleBytes = bundleOf(key, (bundle) => {
      bundle.messageSignature.messageDigest = digest;
    });
    expect(
      await ruleOf(async () =>
        verifySigned({ manifestBytes: other, bundleBytes }, await trusting(key)),
      ),
    ).toBe('Unauthenticated signature_mismatch');
  });

  test('is refused when another key signed under the hint of a trusted one', async () => {
    const forger = createKeyPair(algorithm);
    const { hint } = (createBundle(manifestBytes, key.privateKey) as unknown as BundleDocument)
      .verificationMaterial['publicKey'] as { hint: string };
    const bundleBytes = bundleOf(forger, (bundle) => {
      bundle.verificationMaterial['publicKey'] = { hint };
    });
    expect(
      await ruleOf(async () => verifySigned({ manifestBytes, bundleBytes }, await trusting(key))),
    ).toBe('Unauthenticated signature_mismatch');
  });

  test('is refused when its key is not trusted, or nobody is', async () => {
    const signed = { manifestBytes, bundleBytes: bundleOf(key) };
    for (const list of [await trusting(createKeyPair(algorithm)), await trusting()]) {
      expect(await ruleOf(() => verifySigned(signed, list))).toBe('Unauthenticated untrusted_key');
    }
  });
});

const key = createKeyPair();

test.each([
  ['nothing', () => Buffer.alloc(0), 'bundle_malformed'],
  ['null', () => Buffer.from('null'), 'bundle_malformed'],
  ['an array', () => Buffer.from('[]'), 'bundle_malformed'],
  [
    'a byte order mark',
    () => Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), bundleOf(key)]),
    'bundle_malformed',
  ],
  [
    'bytes behind the bundle',
    () => Buffer.concat([bundleOf(key), Buffer.from('{}')]),
    'bundle_malformed',
  ],
  [
    '256 KiB and a byte',
    () => Buffer.concat([bundleOf(key), Buffer.alloc(256 * 1024, ' ')]),
    'bundle_too_large',
  ],
  [
    'version 0.2',
    () =>
      bundleOf(key, (b) => {
        b.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
      }),
    'bundle_malformed',
  ],
  [
    'version 0.4',
    () =>
      bundleOf(key, (b) => {
        b.mediaType = 'application/vnd.dev.sigstore.bundle.v0.4+json';
      }),
    'bundle_malformed',
  ],
  [
    'a SHA-512 digest',
    () =>
      bundleOf(key, (b) => {
        b.messageSignature.messageDigest['algorithm'] = 'SHA2_512';
      }),
    'bundle_malformed',
  ],
  [
    'no digest',
    () =>
      bundleOf(key, (b) => {
        delete b.messageSignature.messageDigest['digest'];
      }),
    'bundle_malformed',
  ],
  [
    'an empty signature',
    () =>
      bundleOf(key, (b) => {
        b.messageSignature.signature = '';
      }),
    'bundle_malformed',
  ],
  [
    'a signature in base64url',
    () =>
      bundleOf(key, (b) => {
        b.messageSignature.signature = 'ab-_';
      }),
    'bundle_malformed',
  ],
  [
    'several signatures',
    () =>
      bundleOf(key, (b) => {
        (b as { messageSignature: unknown }).messageSignature = [
          b.messageSignature,
          b.messageSignature,
        ];
      }),
    'bundle_malformed',
  ],
  [
    'a DSSE envelope beside the signature',
    () =>
      bundleOf(key, (b) => {
        b.dsseEnvelope = { payload: '', signatures: [] };
      }),
    'bundle_malformed',
  ],
  [
    'a DSSE envelope alone',
    () =>
      bundleOf(key, (b) => {
        b.dsseEnvelope = {};
        delete (b as Partial<BundleDocument>).messageSignature;
      }),
    'bundle_malformed',
  ],
  [
    'no key',
    () =>
      bundleOf(key, (b) => {
        delete b.verificationMaterial['publicKey'];
      }),
    'bundle_malformed',
  ],
  [
    '__proto__ as the hint',
    () =>
      bundleOf(key, (b) => {
        b.verificationMaterial['publicKey'] = { hint: '__proto__' };
      }),
    'bundle_malformed',
  ],
  [
    'a certificate',
    () =>
      bundleOf(key, (b) => {
        b.verificationMaterial = { certificate: { rawBytes: 'AAAA' }, tlogEntries: [] };
      }),
    'untrusted_identity',
  ],
  [
    'a certificate beside the key',
    () =>
      bundleOf(key, (b) => {
        b.verificationMaterial['certificate'] = { rawBytes: 'AAAA' };
      }),
    'bundle_malformed',
  ],
  [
    'a certificate chain',
    () =>
      bundleOf(key, (b) => {
        b.verificationMaterial = { x509CertificateChain: { certificates: [] } };
      }),
    'bundle_malformed',
  ],
  [
    'a log entry',
    () =>
      bundleOf(key, (b) => {
        b.verificationMaterial['tlogEntries'] = [{}];
      }),
    'log_entries',
  ],
  [
    'a time stamp',
    () =>
      bundleOf(key, (b) => {
        b.verificationMaterial['timestampVerificationData'] = {
          rfc3161Timestamps: [{ signedTimestamp: 'AAAA' }],
        };
      }),
    'log_entries',
  ],
])('refuses %s', async (_, createBytes, rule) => {
  const list = await trusting(key);
  expect(
    await ruleOf(() => verifySigned({ manifestBytes, bundleBytes: createBytes() }, list)),
  ).toBe(`Unauthenticated ${rule}`);
});

test('refuses a repeated key, which two readers could resolve differently', async () => {
  const text = bundleOf(key)
    .toString()
    .replace('"messageSignature"', '"mediaType":"x","messageSignature"');
  expect(
    await ruleOf(async () =>
      verifySigned({ manifestBytes, bundleBytes: Buffer.from(text) }, await trusting(key)),
    ),
  ).toBe('Unauthenticated bundle_malformed');
});

describe('cases of the Sigstore conformance suite', () => {
  const read = (name: string): Buffer => readFileSync(join(FIXTURES, name));
  const artifact = read('a.txt');

  test('a managed key with Rekor and time-stamp entries is refused: we cannot check those yet', async () => {
    const list = await trusting({
      publicKeyPem: read('managed-key-happy-path/key.pub').toString(),
    });
    const bundleBytes = read('managed-key-happy-path/bundle.sigstore.json');
    expect(await ruleOf(() => verifySigned({ manifestBytes: artifact, bundleBytes }, list))).toBe(
      'Unauthenticated log_entries',
    );
  });

  test('the same signature without those entries is accepted', async () => {
    const list = await trusting({
      publicKeyPem: read('managed-key-happy-path/key.pub').toString(),
    });
    const bundle = JSON.parse(
      read('managed-key-happy-path/bundle.sigstore.json').toString(),
    ) as BundleDocument;
    const { publicKey } = bundle.verificationMaterial;
    const bare = { ...bundle, verificationMaterial: { publicKey, tlogEntries: [] } };
    const bundleBytes = Buffer.from(JSON.stringify(bare));
    expect(await verifySigned({ manifestBytes: artifact, bundleBytes }, list)).toMatchObject({
      signer: { words: 'key you trust “key 0”' },
    });
  });

  test('the key that is not the signer’s cannot even be trusted: it is no key', async () => {
    const publicKeyPem = read('managed-key-wrong-key_fail/key.pub').toString();
    expect(await ruleOf(() => trusting({ publicKeyPem }))).toBe('InvalidParams spki_pem');
  });

  test('a keyless bundle is refused while no identity is trusted', async () => {
    const bundleBytes = read('happy-path-v0.3/bundle.sigstore.json');
    expect(
      await ruleOf(async () =>
        verifySigned({ manifestBytes: artifact, bundleBytes }, await trusting(key)),
      ),
    ).toBe('Unauthenticated untrusted_identity');
  });
});
