import type { ImportRule } from './import-rule.ts';

/** The rooms of privacy, and who touches passphrases. */
export const PRIVACY_IMPORT_RULES: readonly ImportRule[] = [
  {
    name: 'of privacy, nothing below imports what is composed of it: the pipeline and create-privacy.ts',
    files: /^daemon\/privacy\/(?!pipeline\/|create-privacy\.ts$)/,
    imports: /^daemon\/(privacy\/(pipeline\/|create-privacy\.ts)|collections\/|rpc\/)/,
    includesTypes: true,
    violation: {
      path: 'daemon/privacy/redactor/create-redactor.ts',
      text: "import { toSteps } from '../pipeline/to-steps.ts';",
    },
  },
  {
    name: 'of privacy, the redactor is built on redaction alone',
    files: /^daemon\/privacy\/redactor\//,
    imports: /^daemon\/privacy\//,
    allows: /^daemon\/privacy\/(redactor\/|redaction\/|privacy-call\.ts$)/,
    includesTypes: true,
    violation: {
      path: 'daemon/privacy/redactor/create-redactor.ts',
      text: "import type { Budgets } from '../budget/budgets.ts';",
    },
  },
  {
    name: 'of privacy, releases are built on noise and the budget alone',
    files: /^daemon\/privacy\/releases\//,
    imports: /^daemon\/privacy\//,
    allows: /^daemon\/privacy\/(releases\/|noise\/|budget\/|privacy-call\.ts$)/,
    includesTypes: true,
    violation: {
      path: 'daemon/privacy/releases/create-noise-maker.ts',
      text: "import type { Redactor } from '../redactor/redactor.ts';",
    },
  },
  {
    name: 'of privacy, the budget knows formulas and nothing that draws or asks',
    files: /^daemon\/privacy\/budget\//,
    imports: /^daemon\/(privacy|access|audit|workers)\//,
    allows: /^daemon\/privacy\/(budget|noise\/accounting)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/privacy/budget/ledger.ts',
      text: "import type { NoiseMaker } from '../releases/noise-maker.ts';",
    },
  },
  {
    name: 'of privacy, the vault stands alone',
    files: /^daemon\/privacy\/vault\//,
    imports: /^daemon\/(privacy|audit|workers)\//,
    allows: /^daemon\/privacy\/(vault\/|privacy-call\.ts$)/,
    includesTypes: true,
    violation: {
      path: 'daemon/privacy/vault/values.ts',
      text: "import type { RunningPipeline } from '../pipeline/pipeline.ts';",
    },
  },
  {
    name: 'of privacy, what a computer has is looked at without texts, noise or keys',
    files: /^daemon\/privacy\/capabilities\//,
    imports: /^daemon\/privacy\//,
    allows: /^daemon\/privacy\/capabilities\//,
    includesTypes: true,
    violation: {
      path: 'daemon/privacy/capabilities/examine-privacy.ts',
      text: "import type { Vault } from '../vault/create-vault.ts';",
    },
  },
  {
    name: 'secrets imports itself and the protocol alone',
    files: /^daemon\/secrets\//,
    imports: /^daemon\//,
    allows: /^daemon\/secrets\//,
    includesTypes: true,
    violation: {
      path: 'daemon/secrets/argon2.ts',
      text: "import { log } from '../log.ts';",
    },
  },
  {
    name: 'passphrases are handled where they come in, where they become keys, and nowhere else',
    files:
      /^daemon\/(?!secrets\/|transport\/cut-secrets\.ts$|rpc\/request-connection\.ts$|handlers\/(control\/keys|vault-keystore)\.ts$|privacy\/(vault\/|capabilities\/examine-privacy\.ts$)|stores\/keys\/)/,
    imports: /^daemon\/secrets\//,
    includesTypes: true,
    violation: {
      path: 'daemon/audit/create-audit.ts',
      text: "import { toPassphraseBytes } from '../secrets/passphrase-bytes.ts';",
    },
  },
];
