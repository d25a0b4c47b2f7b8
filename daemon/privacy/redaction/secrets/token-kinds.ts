/** A token that says by its start what it is. */
export interface TokenKind {
  /** `github-token`: the reason of a finding. */
  readonly id: string;
  readonly entity: 'API_KEY' | 'CREDENTIAL';
  /** Exactly as issued: the case counts. */
  readonly prefix: string;
  /** What follows the prefix, bounded: source of a regular expression. */
  readonly rest: string;
}

function keys(id: string, rest: string, ...prefixes: readonly string[]): TokenKind[] {
  return prefixes.map((prefix) => ({ id, entity: 'API_KEY', prefix, rest }));
}

/** Keys of services, as their makers document them. */
export const TOKEN_KINDS: readonly TokenKind[] = [
  ...keys('aws-access-key-id', '[A-Z2-7]{16}', 'AKIA', 'ASIA', 'ABIA', 'ACCA'),
  ...keys('google-api-key', '[\\w-]{35}', 'AIza'),
  ...keys('google-oauth-token', '[\\w.-]{20,512}', 'ya29.'),
  ...keys('google-oauth-secret', '[\\w-]{20,64}', 'GOCSPX-'),
  ...keys('azure-client-secret', '[\\w.~-]{31,34}', '8Q~', '7Q~'),
  ...keys('github-token', '[A-Za-z0-9]{36,255}', 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'),
  ...keys('github-token', '[A-Za-z0-9_]{36,255}', 'github_pat_'),
  ...keys(
    'gitlab-token',
    '[\\w.-]{20,300}',
    'glpat-',
    'gldt-',
    'glrt-',
    'glptt-',
    'glsoat-',
    'glcbt-',
    'GR1348941',
  ),
  ...keys(
    'slack-token',
    '[A-Za-z0-9-]{10,250}',
    'xoxb-',
    'xoxp-',
    'xoxa-',
    'xoxr-',
    'xoxs-',
    'xoxe-',
    'xapp-',
  ),
  ...keys(
    'slack-webhook',
    '[A-Z0-9]{6,16}/B[A-Z0-9]{6,16}/[A-Za-z0-9]{16,40}',
    'https://hooks.slack.com/services/T',
  ),
  ...keys('stripe-key', '(?:live|test)_[A-Za-z0-9]{16,250}', 'sk_', 'rk_', 'pk_'),
  ...keys('stripe-webhook-secret', '[A-Za-z0-9+/=]{24,100}', 'whsec_'),
  ...keys('npm-token', '[A-Za-z0-9]{36}', 'npm_'),
  ...keys('pypi-token', '[\\w-]{50,300}', 'pypi-AgEI'),
  ...keys('anthropic-key', '[\\w-]{24,300}', 'sk-ant-'),
  ...keys('openai-key', '(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9][\\w-]{19,300}', 'sk-'),
  ...keys('hugging-face-token', '[A-Za-z0-9]{30,64}', 'hf_', 'api_org_'),
  ...keys('groq-key', '[A-Za-z0-9]{40,64}', 'gsk_'),
  ...keys('sendgrid-key', '[\\w-]{22}\\.[\\w-]{43}', 'SG.'),
  ...keys('twilio-key', '[0-9a-f]{32}', 'SK', 'AC'),
  ...keys('mailgun-key', '[0-9a-f]{32}', 'key-'),
  ...keys('mailchimp-secret', '[\\w-]{22}', 'md-'),
  ...keys('shopify-token', '[0-9a-fA-F]{32}', 'shpat_', 'shpss_', 'shpca_', 'shppa_'),
  ...keys('square-token', '[\\w-]{22,60}', 'sq0atp-', 'sq0csp-', 'EAAA'),
  ...keys('digitalocean-token', '[0-9a-f]{64}', 'dop_v1_', 'doo_v1_', 'dor_v1_'),
  ...keys('databricks-token', '[0-9a-f]{32}(?:-\\d)?', 'dapi'),
  ...keys('docker-token', '[\\w-]{24,40}', 'dckr_pat_', 'dckr_oat_'),
  ...keys('vault-token', '[\\w-]{20,300}', 'hvs.', 'hvb.'),
  ...keys('grafana-token', '[A-Za-z0-9]{32}_[0-9a-fA-F]{8}', 'glsa_'),
  ...keys('linear-key', '[A-Za-z0-9]{32,64}', 'lin_api_'),
  ...keys('new-relic-key', '[A-Z0-9]{27}', 'NRAK-'),
  ...keys('postman-key', '[0-9a-f]{24}-[0-9a-f]{34}', 'PMAK-'),
  ...keys('sentry-token', '[\\w+/=-]{40,300}', 'sntrys_', 'sntryu_'),
  ...keys('supabase-key', '[\\w-]{20,64}', 'sbp_', 'sb_secret_'),
  ...keys('age-secret-key', '[02-9A-Z]{58}', 'AGE-SECRET-KEY-1'),
];
