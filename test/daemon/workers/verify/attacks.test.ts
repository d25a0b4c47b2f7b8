import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPublicGoodRoot } from '../../../../daemon/access/trust/public-good-root.ts';
import type { IdentityRequirement } from '../../../../daemon/workers/verify/ops.ts';
import { verifyStrictly } from '../../../../daemon/workers/verify/verify-strictly.ts';
import { createKeyPair } from '../../../support/signed-package.ts';
import { createSigstoreLab, createStatement } from '../../../support/sigstore-lab.ts';
import { verdictOf } from '../../../support/verification-rule.ts';
import { cpuMsOf } from '../../../support/cpu-time.ts';

const SAN = 'https://github.com/acme/notes/.github/workflows/release.yml@refs/tags/v1';
const ISSUER = 'https://token.actions.githubusercontent.com';
const IDS = { repositoryId: '1001', ownerId: '2002' };
const DEADLINE_MS = 2000;

const lab = await createSigstoreLab();
const bytes = Buffer.from('the artifact');
const signer = { san: SAN, issuer: ISSUER, ...IDS };
const trusted: IdentityRequirement = {
  identity: SAN,
  issuer: ISSUER,
  trustedRoot: lab.trustedRootText,
  sourceRepositoryId: IDS.repositoryId,
  sourceRepositoryOwnerId: IDS.ownerId,
};
const good = await lab.signMessage(bytes, signer);

interface Document {
  mediaType: string;
  verificationMaterial: {
    certificate?: { rawBytes: string };
    x509CertificateChain?: unknown;
    tlogEntries: {
      logIndex: unknown;
      inclusionProof: { logIndex: unknown; hashes: string[]; checkpoint: { envelope: string } };
    }[];
    timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
}

function verdict(bundle: string, signers: readonly IdentityRequirement[] = [trusted]): unknown {
  return verdictOf({ bundleBytes: Buffer.from(bundle), artifact: { bytes }, signers });
}

function changed(change: (bundle: Document) => void): string {
  const bundle = JSON.parse(good) as Document;
  change(bundle);
  return JSON.stringify(bundle);
}

test('a bundle of the trusted identity is accepted, with its time and where it was made', () => {
  const params = { bundleBytes: Buffer.from(good), artifact: { bytes }, signers: [trusted] };
  expect(verifyStrictly(params)).toEqual({
    signer: 0,
    signedAt: lab.signedAt,
    provenance: {
      identity: SAN,
      issuer: ISSUER,
      sourceRepositoryId: IDS.repositoryId,
      sourceRepositoryOwnerId: IDS.ownerId,
    },
  });
});

describe('attack 21: a real provenance of npm', async () => {
  const folder = join(import.meta.dirname, '../../../fixtures/npm-provenance');
  const tarball = readFileSync(join(folder, 'sigstore-2.0.0.tgz'));
  const bundleBytes = readFileSync(join(folder, 'sigstore-2.0.0.sigstore.json'));
  const signers = [
    {
      identity:
        'https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main',
      issuer: ISSUER,
      trustedRoot: await readPublicGoodRoot(),
      sourceRepositoryId: '495574555',
      sourceRepositoryOwnerId: '71096353',
    },
  ];

  test('verifies against its tarball', () => {
    const { signedAt, provenance } = verifyStrictly({
      bundleBytes,
      artifact: { bytes: tarball },
      signers,
    });
    expect(signedAt).toBe('2023-08-18T16:05:35.000Z');
    expect(provenance?.sourceRepository).toBe('https://github.com/sigstore/sigstore-js');
  });

  test('is refused with one byte more', () => {
    const artifact = { bytes: Buffer.concat([tarball, Buffer.of(0)]) };
    expect(verdictOf({ bundleBytes, artifact, signers })).toBe('subject_mismatch');
  });
});

describe('attack 22: an identity that only looks like the trusted one', () => {
  test.each([
    ['contains it', `https://evil.example/?next=${SAN}`],
    ['continues it', `${SAN}-evil`],
    ['begins before it', `x${SAN}`],
    ['fits it as a pattern', SAN.replace('github.com', 'githubXcom')],
    ['differs in letter case', SAN.replace('acme', 'Acme')],
  ])('is refused when it %s', async (_, san) => {
    const bundle = await lab.signMessage(bytes, { ...signer, san });
    expect(verdict(bundle)).toBe('untrusted_identity');
  });

  test('is refused when another issuer vouches for it', async () => {
    const bundle = await lab.signMessage(bytes, { ...signer, issuer: `${ISSUER}.evil.example` });
    expect(verdict(bundle)).toBe('wrong_issuer');
  });

  test.each([
    ['another repository', { repositoryId: '1002' }],
    ['another owner', { ownerId: '2003' }],
    ['no repository', { repositoryId: undefined }],
    ['no owner', { ownerId: undefined }],
  ])('is refused when its certificate names %s by number', async (_, ids) => {
    const bundle = await lab.signMessage(bytes, { ...signer, ...ids });
    expect(verdict(bundle)).toBe('wrong_repository');
  });
});

describe('attack 23: no signer named', () => {
  test('accepts nobody', () => {
    expect(verdict(good, [])).toBe('untrusted_identity');
  });

  test('an identity that is undefined accepts nobody either', () => {
    const nobody = { trustedRoot: lab.trustedRootText } as IdentityRequirement;
    expect(verdict(good, [nobody])).toBe('untrusted_identity');
  });

  test('the nearest of several misses is told', () => {
    const other = { ...trusted, identity: 'https://github.com/other' };
    const near = { ...trusted, sourceRepositoryId: '9' };
    expect(verdict(good, [other, near])).toBe('wrong_repository');
    expect(verdict(good, [other, near, trusted])).toBe('accepted');
  });
});

describe('attack 24: a signed envelope', () => {
  const sign = (statement: unknown, payloadType?: string): Promise<string> =>
    lab.signStatement(statement, signer, payloadType);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const sha512 = createHash('sha512').update(bytes).digest('hex');
  const about = (digest: unknown): unknown => ({
    ...createStatement(bytes),
    subject: [{ digest }],
  });

  test('about the artifact is accepted', async () => {
    expect(verdict(await sign(createStatement(bytes)))).toBe('accepted');
    expect(verdict(await sign(about({ sha512 })))).toBe('accepted');
    expect(verdict(await sign(about({ sha256, sha512 })))).toBe('accepted');
  });

  test.each([
    ['another artifact', createStatement(Buffer.from('other'))],
    ['nothing', { ...createStatement(bytes), subject: [] }],
    ['digests of which one is another', about({ sha256, sha512: 'ab'.repeat(64) })],
    ['digests of unknown kinds', about({ md5: 'ab'.repeat(16) })],
    ['a digest in capitals', about({ sha256: sha256.toUpperCase() })],
  ])('about %s is refused', async (_, statement) => {
    expect(verdict(await sign(statement))).toBe('subject_mismatch');
  });

  test('of another payload type is refused', async () => {
    expect(verdict(await sign(createStatement(bytes), 'application/json'))).toBe('statement');
  });

  test.each([undefined, 'https://example.org/Statement/v1'])(
    'whose statement has the type %s is refused',
    async (_type) => {
      expect(verdict(await sign({ ...createStatement(bytes), _type }))).toBe('statement');
    },
  );
});

describe('attack 25: a certificate chain', () => {
  const { certificateAuthorities } = JSON.parse(lab.trustedRootText) as {
    certificateAuthorities: [{ certChain: { certificates: [{ rawBytes: string }] } }];
  };
  const root = certificateAuthorities[0].certChain.certificates[0];
  const withChain = (...more: readonly { rawBytes: string }[]): string =>
    changed((bundle) => {
      const { certificate, ...rest } = bundle.verificationMaterial;
      const x509CertificateChain = { certificates: [certificate, ...more] };
      bundle.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
      bundle.verificationMaterial = { ...rest, x509CertificateChain };
    });

  test('without the root is accepted', () => {
    expect(verdict(withChain())).toBe('accepted');
  });

  test('with the root in it is refused', () => {
    expect(verdict(withChain(root))).toBe('certificate');
  });
});

describe('attack 26: input made to hang or to crash', () => {
  const nest = (tag: number, depth: number): string => {
    let der = Buffer.alloc(0);
    for (let level = 0; level < depth; level += 1) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(der.length);
      der = Buffer.concat([Buffer.of(tag, 0x84), length, der]);
    }
    return der.toString('base64');
  };
  const checkpoint = (edit: (envelope: string) => string): string =>
    changed(({ verificationMaterial: { tlogEntries } }) => {
      for (const { inclusionProof } of tlogEntries) {
        inclusionProof.checkpoint.envelope = edit(inclusionProof.checkpoint.envelope);
      }
    });
  const entry = (edit: (entry: Document['verificationMaterial']['tlogEntries'][0]) => void) =>
    changed(({ verificationMaterial }) => {
      verificationMaterial.tlogEntries.forEach(edit);
    });
  const size = (text: string): string =>
    checkpoint((envelope) => envelope.replace(/\n[^\n]*\n/, `\n${text}\n`));
  const index = (logIndex: unknown): string => entry((one) => Object.assign(one, { logIndex }));
  const hashes = (count: number): string =>
    entry(({ inclusionProof }) => {
      inclusionProof.hashes = new Array<string>(count).fill('');
    });
  const timestamps = (signedTimestamp: string): string =>
    changed(({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData.rfc3161Timestamps = [{ signedTimestamp }];
    });
  const certificate = (rawBytes: string): string =>
    changed(({ verificationMaterial }) => {
      verificationMaterial.certificate = { rawBytes };
    });

  test.each([
    [
      'a log name that is a costly pattern',
      checkpoint((text) =>
        text.replace(/— \S+/, `— ${'(a?)'.repeat(40)}${'a'.repeat(40)}(x+x+)+y`),
      ),
      'log_entry',
    ],
    ['a log size that is no number', size('x'), 'log_entry'],
    ['a negative log size', size('-1'), 'log_entry'],
    ['a log size of 30 000 digits', size('9'.repeat(30_000)), 'log_entry'],
    ['no log size', size(''), 'log_entry'],
    ['a negative log index', index('-1'), 'bundle_malformed'],
    ['a log index of 64 digits', index('9'.repeat(64)), 'bundle_malformed'],
    ['a log index that is a fraction', index(1.5), 'bundle_malformed'],
    ['200 000 hashes', hashes(200_000), 'bundle_too_large'],
    ['65 hashes', hashes(65), 'bundle_malformed'],
    ['a certificate of nested sequences', certificate(nest(0x30, 500)), 'certificate'],
    ['a certificate of nested octet strings', certificate(nest(0x04, 5000)), 'certificate'],
    ['a timestamp of nested sequences', timestamps(nest(0x30, 5000)), 'timestamp'],
    ['a timestamp of nested octet strings', timestamps(nest(0x04, 20_000)), 'timestamp'],
    ['JSON of 10 000 levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'bundle_malformed'],
    ['a key twice', good.replace('{', '{"mediaType":"x",'), 'bundle_malformed'],
    ['a byte order mark', `\ufeff${good}`, 'bundle_malformed'],
    ['something behind the document', `${good}{}`, 'bundle_malformed'],
    ['no document', '', 'bundle_malformed'],
  ])('%s is refused in time', (_, bundle, rule) => {
    const cpuMs = cpuMsOf(() => {
      expect(verdict(bundle)).toBe(rule);
    });
    expect(cpuMs).toBeLessThan(DEADLINE_MS);
  });
});

describe('attack 27: a trusted root', () => {
  const kinds = ['tlogs', 'ctlogs', 'certificateAuthorities', 'timestampAuthorities'] as const;
  type Authority = { validFor: { start?: string }; publicKey: { validFor: { start?: string } } };
  const root = (edit: (root: Record<(typeof kinds)[number], Authority[]>) => void): string => {
    const document = JSON.parse(lab.trustedRootText) as Record<(typeof kinds)[number], Authority[]>;
    edit(document);
    return JSON.stringify(document);
  };
  const under = (trustedRoot: string): unknown => verdict(good, [{ ...trusted, trustedRoot }]);

  test.each(kinds)('is refused when one of its %s does not say since when it counts', (kind) => {
    const trustedRoot = root((document) => {
      for (const one of document[kind])
        delete (kind.endsWith('logs') ? one.publicKey : one).validFor.start;
    });
    expect(under(trustedRoot)).toBe('trust_root');
  });

  test.each(['', '{}', 'null', '[]', '{"mediaType":"application/json"}'])(
    'is refused when it is %s',
    (trustedRoot) => {
      expect(under(trustedRoot)).toBe('trust_root');
    },
  );

  test('is refused without a log', () => {
    expect(under(root((document) => void (document.tlogs = [])))).toBe('trust_root');
  });

  test('of another instance proves nothing', async () => {
    expect(under((await createSigstoreLab()).trustedRootText)).toBe('timestamp');
  });
});

test.each([
  ['without a log entry', { withoutLog: true }, 'log_entry'],
  ['without any proof of time', { withoutPromise: true, withoutTimestamp: true }, 'timestamp'],
  ['whose log entry names another certificate', { withForeignEntry: true }, 'log_entry'],
])('a bundle %s is refused', async (_, omissions, rule) => {
  expect(verdict(await lab.signMessage(bytes, signer, omissions))).toBe(rule);
});

test('a key does not stand for an identity, nor an identity for a key', () => {
  const [key, unreadable] = [createKeyPair(), { publicKeyPem: 'no key' }];
  const withKey = ({ publicKeyPem }: { readonly publicKeyPem: string }): unknown =>
    verdictOf({
      bundleBytes: Buffer.from(good),
      artifact: { bytes },
      signers: [{ publicKeyPem, trustedRoot: lab.trustedRootText }],
    });
  expect(withKey(key)).toBe('wrong_material');
  expect(withKey(unreadable)).toBe('unreadable_key');
  expect(withKey({ publicKeyPem: key.keyPem })).toBe('unreadable_key');
});
