import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditLog } from '../../daemon/audit/audit.ts';
import type { ChainLimits } from '../../daemon/audit/chain-file.ts';
import { createAudit } from '../../daemon/audit/create-audit.ts';
import { silentLog } from '../fakes/silent-log.ts';

/** The places of an audit log, and the key that signs it. */
export class AuditHome {
  readonly root = mkdtempSync(join(tmpdir(), 'locara-a-'));
  readonly privateKey: KeyObject = generateKeyPairSync('ed25519').privateKey;
  readonly paths = {
    audit: join(this.root, 'audit'),
    auditCheckpoint: join(this.root, 'keys', 'audit-checkpoint.json'),
  };

  constructor() {
    mkdirSync(join(this.root, 'keys'));
  }

  /** What a daemon's start does. */
  open(
    options: { readonly limits?: ChainLimits; readonly windowMs?: number } = {},
  ): Promise<AuditLog> {
    return createAudit({
      paths: this.paths,
      privateKey: this.privateKey,
      log: silentLog,
      ...options,
    });
  }

  segments(): string[] {
    const names = existsSync(this.paths.audit) ? readdirSync(this.paths.audit) : [];
    return names.sort().map((name) => join(this.paths.audit, name));
  }

  /** Every line of the log. */
  lines(): string[] {
    return this.segments().flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(0, -1));
  }

  /** Folders that were set aside. */
  setAside(): string[] {
    return readdirSync(this.root).filter((name) => name.startsWith('audit-damaged-'));
  }

  /** Everything as it is now, elsewhere. */
  snapshot(): string {
    const copy = mkdtempSync(join(tmpdir(), 'locara-as-'));
    cpSync(this.root, copy, { recursive: true });
    return copy;
  }

  restore(snapshot: string): void {
    rmSync(this.root, { recursive: true });
    cpSync(snapshot, this.root, { recursive: true });
  }
}
