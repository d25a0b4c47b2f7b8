import type { ImportRule } from './import-rule.ts';
import { PRIVACY_IMPORT_RULES } from './privacy-import-rules.ts';
import { listImports, type Import, type Source } from './sources.ts';

export const IMPORT_RULES: readonly ImportRule[] = [
  {
    name: 'protocol imports zod and the licence lists alone',
    files: /^protocol\//,
    allows: /^(protocol\/|zod$|spdx-(expression-parse|osi)$)/,
    includesTypes: true,
    violation: { path: 'protocol/limits.ts', text: "import { join } from 'node:path';" },
  },
  {
    name: 'the client imports protocol, never the daemon or the CLI',
    files: /^clients\/typescript\//,
    imports: /^(clients|daemon|protocol)\//,
    allows: /^(clients\/typescript|protocol)\//,
    includesTypes: true,
    violation: {
      path: 'clients/typescript/client.ts',
      text: "import type { Session } from '../../daemon/access/session.ts';",
    },
  },
  {
    name: 'the CLI imports protocol and client, never the daemon',
    files: /^clients\/cli\//,
    imports: /^(clients|daemon|protocol)\//,
    allows: /^(clients\/(cli|typescript)|protocol)\//,
    includesTypes: true,
    violation: {
      path: 'clients/cli/commands/doctor.ts',
      text: "import { resolvePaths } from '../../../daemon/paths.ts';",
    },
  },
  {
    name: 'the daemon imports protocol, never a client',
    files: /^daemon\//,
    imports: /^(clients|daemon|protocol)\//,
    allows: /^(daemon|protocol)\//,
    includesTypes: true,
    violation: { path: 'daemon/daemon.ts', text: "import { createClient } from '@locara/client';" },
  },
  {
    name: 'only daemon.ts imports handlers',
    files: /^daemon\/(?!daemon\.ts|handlers\/)/,
    imports: /^daemon\/handlers\//,
    includesTypes: true,
    violation: {
      path: 'daemon/rpc/dispatcher.ts',
      text: "import { llmHandlers } from '../handlers/llm.ts';",
    },
  },
  {
    name: 'of access, trust imports itself alone: it knows signers and lists, no installed app',
    files: /^daemon\/access\/trust\//,
    imports: /^daemon\/access\//,
    allows: /^daemon\/access\/trust\//,
    includesTypes: true,
    violation: {
      path: 'daemon/access/trust/blocks.ts',
      text: "import type { AppRecord } from '../apps/app-registry.ts';",
    },
  },
  {
    name: 'of access, apps imports itself and trust: what an app may do is computed above it',
    files: /^daemon\/access\/apps\//,
    imports: /^daemon\/access\//,
    allows: /^daemon\/access\/(apps|trust)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/access/apps/install-app.ts',
      text: "import { currentGrants } from '../rights/describe-app.ts';",
    },
  },
  {
    name: 'of access, rights imports itself, apps and trust, and no session',
    files: /^daemon\/access\/rights\//,
    imports: /^daemon\/access\//,
    allows: /^daemon\/access\/(apps|rights|trust)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/access/rights/grants.ts',
      text: "import type { Session } from '../session.ts';",
    },
  },
  {
    name: 'what access leans on does not import it',
    files: /^daemon\/(audit|clock|files|transport|workers)\//,
    imports: /^daemon\/access\//,
    includesTypes: true,
    violation: {
      path: 'daemon/audit/create-audit.ts',
      text: "import type { Session } from '../access/session.ts';",
    },
  },
  {
    name: 'workers import protocol and workers alone; the store worker also stores, the privacy worker what it runs',
    files: /^daemon\/workers\/(?!(store|privacy)\/)/,
    imports: /^(clients|daemon|protocol)\//,
    allows: /^(daemon\/workers|protocol)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/workers/llm/main.ts',
      text: "import type { Session } from '../../access/session.ts';",
    },
  },
  {
    name: 'the store worker imports protocol, workers and stores alone',
    files: /^daemon\/workers\/store\//,
    imports: /^(clients|daemon|protocol)\//,
    allows: /^(daemon\/(workers|stores)|protocol)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/workers/store/engine.ts',
      text: "import { log } from '../../log.ts';",
    },
  },
  {
    name: 'the privacy worker, and what it runs of privacy, import protocol, workers and each other alone',
    files: /^daemon\/(workers\/privacy|privacy\/(redaction|noise))\//,
    imports: /^(clients|daemon|protocol)\//,
    allows: /^(daemon\/(workers|privacy\/(redaction|noise))|protocol)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/workers/privacy/engine.ts',
      text: "import { log } from '../../log.ts';",
    },
  },
  {
    name: 'of the protocol, worker processes run its errors, limits, JSON and names of patterns alone: zod costs each 25 MB',
    files:
      /^daemon\/(workers\/(\w+\/|serve\.ts)|stores\/(database|sql|collections|copies|exports)\/|privacy\/(redaction|noise)\/)/,
    imports: /^(protocol\/|zod$)/,
    allows: /^protocol\/(errors|limits|parse-json|pattern-names|strict-json)\.ts$/,
    violation: {
      path: 'daemon/workers/llm/generate.ts',
      text: "import { RpcError } from '@locara/protocol';",
    },
  },
  ...PRIVACY_IMPORT_RULES,
  {
    name: 'only engines, and llm/library, load an inference library',
    files: /^(?!daemon\/workers\/(\w+\/engine\.ts|llm\/library\/[\w-]+\.ts)$)/,
    imports: /^(node-llama-cpp|tesseract\.js|@tesseract\.js-data\/|@fugood\/)/,
    violation: {
      path: 'daemon/workers/llm/generate.ts',
      text: "const llama = await import('node-llama-cpp');",
    },
  },
  {
    name: 'of stores, database imports itself alone: SQL, collections and copies are built on it',
    files: /^daemon\/stores\/database\//,
    imports: /^daemon\/stores\//,
    allows: /^daemon\/stores\/database\//,
    includesTypes: true,
    violation: {
      path: 'daemon/stores/database/database.ts',
      text: "import { guardStatement } from '../sql/sql-guard.ts';",
    },
  },
  {
    name: 'of stores, what runs in the store process never imports what holds keys',
    files: /^daemon\/(workers\/store|stores\/(database|sql|collections|copies|exports))\//,
    imports: /^daemon\/stores\//,
    allows: /^daemon\/stores\/(database|sql|collections|copies|exports)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/stores/copies/backup.ts',
      text: "import { createStoreKeys } from '../keys/store-keys.ts';",
    },
  },
  {
    name: 'of stores, SQL is built on database alone',
    files: /^daemon\/stores\/sql\//,
    imports: /^daemon\/stores\//,
    allows: /^daemon\/stores\/(database|sql)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/stores/sql/store-description.ts',
      text: "import { listCollections } from '../collections/collection-rows.ts';",
    },
  },
  {
    name: 'of stores, collections are built on database alone',
    files: /^daemon\/stores\/collections\//,
    imports: /^daemon\/stores\//,
    allows: /^daemon\/stores\/(database|collections)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/stores/collections/records.ts',
      text: "import { toWireValue } from '../sql/sql-values.ts';",
    },
  },
  {
    name: 'of stores, copies know database, SQL and collections, and nothing of exports, which are made of copies',
    files: /^daemon\/stores\/copies\//,
    imports: /^daemon\/stores\/exports\//,
    includesTypes: true,
    violation: {
      path: 'daemon/stores/copies/salvage.ts',
      text: "import { listAppTables } from '../exports/app-tables.ts';",
    },
  },
  {
    name: 'of stores, who shares and how full a store is are found out without its process or its keys',
    files: /^daemon\/stores\/(sharing|filling)\//,
    imports: /^daemon\/stores\//,
    allows: /^daemon\/stores\/(sharing|filling|database)\//,
    includesTypes: true,
    violation: {
      path: 'daemon/stores/filling/disk-use.ts',
      text: "import { createStoreProcesses } from '../processes/store-processes.ts';",
    },
  },
  {
    name: 'only stores/database/database.ts loads SQLite',
    files: /^(?!daemon\/stores\/database\/database\.ts$)/,
    imports: /^(better-sqlite3|sqlite-vec|node:sqlite)/,
    violation: {
      path: 'daemon/stores/collections/search.ts',
      text: "import Database from 'better-sqlite3-multiple-ciphers';",
    },
  },
  {
    name: 'only transport touches sockets in the daemon (the instance lock asks one, the canary tries all)',
    files: /^daemon\/(?!transport\/|network\/|workers\/canary\/|instance-lock\.ts$)/,
    imports: /^node:(net|dgram)$/,
    violation: { path: 'daemon/daemon.ts', text: "import { createServer } from 'node:net';" },
  },
  {
    name: 'only network/ may reach the internet (the canary tries to and must fail)',
    files: /^(?!daemon\/(network|workers\/canary)\/)/,
    imports: /^(node:(https?|http2|tls|dns(\/promises)?|inspector)|undici)$/,
    violation: { path: 'daemon/models/catalog.ts', text: "import { get } from 'node:https';" },
  },
  {
    name: 'only log.ts imports the logger',
    files: /^(?!daemon\/log\.ts$)/,
    imports: /^pino$/,
    violation: { path: 'daemon/rpc/dispatcher.ts', text: "import { pino } from 'pino';" },
  },
  {
    name: 'no shell: programs are started by argument vectors',
    files: /./,
    imports: /^(shelljs|execa|zx)$/,
    violation: { path: 'clients/cli/service/run-plan.ts', text: "import { $ } from 'zx';" },
  },
];

export function findImportViolations(rule: ImportRule, sources: readonly Source[]): string[] {
  const isForbidden = ({ target, isTypeOnly }: Import): boolean => {
    if (isTypeOnly && rule.includesTypes !== true) return false;
    if (rule.imports?.test(target) === false) return false;
    return rule.allows?.test(target) !== true;
  };
  return sources
    .filter(({ path }) => rule.files.test(path))
    .flatMap((source) =>
      listImports(source)
        .filter(isForbidden)
        .map(({ target }) => `${source.path} imports ${target}`),
    );
}

/** Packages meet at their entrances: `@locara/protocol`, never a path into another package. */
export function findTrespasses(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    listImports(source)
      .filter(
        ({ isRelative, target }) => isRelative && packageOf(target) !== packageOf(source.path),
      )
      .map(({ target }) => `${source.path} imports ${target}`),
  );
}

function packageOf(path: string): string | undefined {
  return /^(protocol|daemon|clients\/\w+)\//.exec(path)?.[1];
}
