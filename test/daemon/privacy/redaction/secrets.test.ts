import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SECRET_RECOGNIZERS } from '../../../../daemon/privacy/redaction/secrets/secrets.ts';
import { runRecognizer } from '../../../support/id-driver.ts';

interface Seen {
  readonly entity: string;
  readonly reason: string;
  readonly text: string;
}

function secretsIn(text: string): Seen[] {
  return SECRET_RECOGNIZERS.flatMap((recognizer) => runRecognizer(recognizer, text)).map(
    ({ entity, reason, start, end }) => ({ entity, reason, text: text.slice(start, end) }),
  );
}

/** Made here, of random characters: none of them opens anything. */
function filler(alphabet: string, length: number): string {
  return Array.from({ length }, (_, place) => alphabet[(place * 7 + 3) % alphabet.length]).join('');
}

const HEX = '0123456789abcdef';
const ALNUM = 'aB3dE5gH7jK9mN1pQrS2tU4vW6xY8z';

const KEYS = [
  ['aws-access-key-id', `AKIA${filler('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`],
  ['google-api-key', `AIza${filler(ALNUM, 35)}`],
  ['github-token', `ghp_${filler(ALNUM, 36)}`],
  ['github-token', `github_pat_${filler(ALNUM, 82)}`],
  ['gitlab-token', `glpat-${filler(ALNUM, 20)}`],
  ['slack-token', `xoxb-${filler('0123456789', 12)}-${filler(ALNUM, 24)}`],
  ['stripe-key', `sk_live_${filler(ALNUM, 24)}`],
  ['npm-token', `npm_${filler(ALNUM, 36)}`],
  ['openai-key', `sk-proj-${filler(ALNUM, 48)}`],
  ['anthropic-key', `sk-ant-api03-${filler(ALNUM, 90)}`],
  ['hugging-face-token', `hf_${filler(ALNUM, 34)}`],
  ['sendgrid-key', `SG.${filler(ALNUM, 22)}.${filler(ALNUM, 43)}`],
  ['shopify-token', `shpat_${filler(HEX, 32)}`],
  ['digitalocean-token', `dop_v1_${filler(HEX, 64)}`],
  ['age-secret-key', `AGE-SECRET-KEY-1${filler('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`],
] as const;

test.each(KEYS)('a %s is an API key, whole', (reason, key) => {
  expect(secretsIn(`use ${key}, please`)).toContainEqual({ entity: 'API_KEY', reason, text: key });
  expect(secretsIn(`KEY="${key}"`).map(({ text }) => text)).toContain(key);
});

test('a key inside a longer word is none', () => {
  for (const [reason, key] of KEYS) {
    expect(secretsIn(`abc${key}`).map((seen) => seen.reason)).not.toContain(reason);
  }
});

test('a JWT is found with all of its parts', () => {
  const jwt = `eyJ${filler(ALNUM, 33)}.eyJ${filler(ALNUM, 71)}.${filler(ALNUM, 43)}`;
  expect(secretsIn(`cookie: session=${jwt}; path=/`)).toContainEqual({
    entity: 'JWT',
    reason: 'jwt-header',
    text: jwt,
  });
});

const LINES = `${filler(ALNUM, 64)}\n${filler(ALNUM, 64)}\n`;

test.each(['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED '])(
  'a PEM %sprivate key is found to its last line',
  (kind) => {
    const pem = `-----BEGIN ${kind}PRIVATE KEY-----\n${LINES}-----END ${kind}PRIVATE KEY-----`;
    expect(secretsIn(`here:\n${pem}\nthanks`).map(({ text }) => text)).toContain(pem);
  },
);

test('a key with headers, one in JSON and one of PGP are found whole', () => {
  for (const pem of [
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n${LINES}-----END RSA PRIVATE KEY-----`,
    `-----BEGIN PRIVATE KEY-----\\n${filler(ALNUM, 64)}\\n-----END PRIVATE KEY-----`,
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${LINES}=ab1c\n-----END PGP PRIVATE KEY BLOCK-----`,
  ]) {
    expect(secretsIn(`"${pem}"`).map(({ text }) => text)).toContain(pem);
  }
});

test('a private key that was cut off is found as far as it goes', () => {
  const [found] = secretsIn(`-----BEGIN PRIVATE KEY-----\n${LINES}`);
  expect(found?.text).toBe(`-----BEGIN PRIVATE KEY-----\n${LINES}`.trimEnd());
});

test('public keys and certificates are no secrets', () => {
  expect(secretsIn(`-----BEGIN PUBLIC KEY-----\n${LINES}-----END PUBLIC KEY-----`)).toEqual([]);
  expect(secretsIn(`-----BEGIN CERTIFICATE-----\n${LINES}-----END CERTIFICATE-----`)).toEqual([]);
});

const CREDENTIALS = [
  [
    'postgres://app:s3cr3t@db.example.org:5432/app',
    'postgres://app:s3cr3t@db.example.org:5432/app',
  ],
  ['see https://ann:hunter2@example.org/x.', 'https://ann:hunter2@example.org/x'],
  ['redis://:p4ss@cache', 'redis://:p4ss@cache'],
  [
    'mongodb+srv://u:p%40ss@c.example.net/?w=majority',
    'mongodb+srv://u:p%40ss@c.example.net/?w=majority',
  ],
  [`AccountName=x;AccountKey=${filler(ALNUM, 86)}==;EndpointSuffix=y`, `${filler(ALNUM, 86)}==`],
  [`https://x.blob.core.windows.net/c?sv=1&sig=${filler(ALNUM, 43)}%3D`, `${filler(ALNUM, 43)}%3D`],
  ['password=hunter2', 'hunter2'],
  ['Password: Tr0ub4dor&3', 'Tr0ub4dor&3'],
  ['DB_PASSWORD="correct horse battery staple 1"', 'correct horse battery staple 1'],
  ['{"password": "opensesame"}', 'opensesame'],
  ['my password is Hunter2!', 'Hunter2'],
  ['Das Passwort ist geheim123', 'geheim123'],
  [`aws_secret_access_key = ${filler(ALNUM, 40)}`, filler(ALNUM, 40)],
  ['client_secret: a1b2c3d4e5f6g7h8', 'a1b2c3d4e5f6g7h8'],
  ['api_key=abc123def456', 'abc123def456'],
  ['pwd=letmein;', 'letmein'],
  ['passphrase: "correct horse battery staple"', 'correct horse battery staple'],
  [`Authorization: Bearer ${filler(ALNUM, 40)}`, filler(ALNUM, 40)],
  ['Authorization: Basic YW5uOnNlY3JldA==', 'YW5uOnNlY3JldA=='],
  ['curl -u admin:S3cretPw99 https://intra/api', 'S3cretPw99'],
  [`123456789:AA${filler(ALNUM, 33)}`, `123456789:AA${filler(ALNUM, 33)}`],
  [`the aws secret ${filler(ALNUM, 40)} of mine`, filler(ALNUM, 40)],
] as const;

test.each(CREDENTIALS)('in "%s" the secret is found', (text, secret) => {
  expect(
    secretsIn(text)
      .filter(({ entity }) => entity === 'CREDENTIAL')
      .map((seen) => seen.text),
  ).toContain(secret);
});

const NO_SECRETS = [
  'docker run -u 1000:1000 img',
  'docker run -u root:root img',
  'primary key user_idAndVeryLongColumnNameInTheDatabaseTable',
  'password: string',
  'password: "Please enter your password"',
  'password: required',
  'password=',
  'password = null',
  'password: ********',
  'password=${DB_PASSWORD}',
  'const password = getPassword();',
  'password = process.env.DB_PASSWORD',
  'password = os.environ["X"]',
  'password=<password>',
  'password: {{ vault.password }}',
  'Enter your password: then press OK',
  'the password is wrong',
  'Your password is too short',
  'password reset',
  'reset token: expired',
  'token: Token',
  'secret: the recipe',
  'a secret is a secret',
  'access key: see below',
  'Bearer of bad news',
  'bearer token',
  'the bearer presented identification',
  'https://example.org/a:b/c@d',
  'git@github.com:a/b.git',
  'ssh://git@example.org/x',
  'https://example.org:8080/@ann',
  'mailto:ann@example.org',
  'sk-learn-is-a-library-for-python',
  'task-force',
  'risk-averse-investment-strategies',
  'npm_config_registry',
  'ghp_short',
  'AKIA',
  'SKU',
  'AC',
  'eyJ',
  'eyJ.a.b',
  'https://example.org/?sig=short',
  'xoxo',
  'api key',
  'The API key is secret',
  'hf_hub_download',
  'glpat',
  'key-value store',
  '-----BEGIN PUBLIC KEY-----',
  'BEGIN PRIVATE KEY',
  'pass the salt',
  'passport: see desk',
  'token = next(tokens)',
  'Token:',
  'secret_name: db',
  'tokenizer: gpt2',
  'pk_test',
  'AIza',
  'the password for this is "see the vault"',
];

test.each(NO_SECRETS)('"%s" holds no secret', (text) => {
  expect(secretsIn(text)).toEqual([]);
});

test('a random password that is assigned is found, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z]{3,8}\d{2,6}[A-Za-z]{2,8}$/), (password) => {
      expect(secretsIn(`password=${password}\n`).map(({ text }) => text)).toContain(password);
      expect(secretsIn(`PASSWORD: '${password}'`).map(({ text }) => text)).toContain(password);
    }),
  );
});
