import type { AppGrant, AppManifest, Attestation, Grant, Rights, Signer } from '@locara/protocol';

/** One decision on a capability, and who made it. */
export interface Decision extends Grant {
  /** ISO 8601. */
  readonly decidedAt?: string | undefined;
  readonly decidedBy?: AppGrant['decidedBy'];
  /** The app asked for it while it was pending. */
  readonly requestedAt?: string | undefined;
}

/** An update asked for more than the user had agreed to. */
export interface Expansion {
  /** Of the diff between what is approved and what the manifest declares. */
  readonly diffDigest: string;
  readonly fromVersion: string;
  /** Attested by a log or timestamp authority; ISO 8601. */
  readonly signedAt?: string | undefined;
  /** By the wall clock, for people alone. */
  readonly firstSeenAt: string;
  /** How long the daemon knows that it has waited, by clocks that nobody can set. */
  readonly waited: {
    readonly elapsedMs: number;
    readonly bootId: string;
    readonly bootMs: number;
  };
}

/** An installed app: what was signed, who signed it, what the user decided. */
export interface AppRecord {
  readonly appId: string;
  readonly manifest: AppManifest;
  readonly manifestDigest: string;
  /** Raw Ed25519 public half of the install key, 32 bytes. */
  readonly installPublicKey: Uint8Array;
  /** What a connection proves without more: a session may be attested better, never worse. */
  readonly attestation: Attestation;
  /** An update must have the same `id`. */
  readonly signer: Signer;
  /** ISO 8601. */
  readonly installedAt: string;
  /** True once the user revoked the app as a whole: it cannot authenticate. */
  readonly revoked: boolean;
  readonly grants: readonly Decision[];
  /** What the user agreed to: whatever the manifest declares beyond it has no effect. */
  readonly approved: Rights;
  readonly expansion?: Expansion | undefined;
}

/** What is kept beside a record. */
export interface AppFiles {
  readonly manifestBytes: Uint8Array;
  /** The text of credentials.json; without it, the one that is there stays. */
  readonly credentials?: string;
  /** What the caller took to be installed: when that has changed meanwhile, `put` is a Conflict. */
  readonly replaces?: { readonly record: AppRecord | undefined };
}

/** What the user has decided about an app, and on what: it outlives an uninstall that keeps the data. */
export interface Standing {
  readonly manifestDigest: string;
  /** What that manifest asks for. */
  readonly asked: Rights;
  readonly approved: Rights;
  readonly grants: readonly Decision[];
  readonly expansion?: Expansion | undefined;
}

/** What an uninstalled app left behind: who may have its data when it is installed again. */
export interface FormerApp {
  readonly appId: string;
  readonly signer: Pick<Signer, 'id' | 'words'>;
  /** The newest version that was installed: an older one is refused. */
  readonly version: string;
  /** Absent when the record was damaged: then nobody gets what the app left until it is wiped. */
  readonly standing?: Standing | undefined;
}

/** How a change of a record is to be taken. */
export interface UpdateOptions {
  /** Taking away holds at once even when it cannot be written, and the failure is thrown all the same. */
  readonly isNarrowing?: boolean;
  /** Changes no right, so nobody is told. */
  readonly isBookkeeping?: boolean;
}

/** The installed apps, kept under `data/apps`; every change is on disk before it is announced. */
export interface AppRegistry {
  find(appId: string): AppRecord | undefined;
  /** All of them: reads those that nobody has asked for yet. */
  list(): Promise<readonly AppRecord[]>;
  /** Those of which an update waits for the user; the others are not read for it. */
  listExpanding(): readonly AppRecord[];
  /** Installs or updates: the record and its files replace those of the same id, together or not at all. */
  put(record: AppRecord, files: AppFiles): Promise<void>;
  /** A change that returns the very record it was given writes nothing. */
  update(
    appId: string,
    change: (record: AppRecord) => AppRecord,
    options?: UpdateOptions,
  ): Promise<AppRecord>;
  /** Deletes record and credentials. What the user decided, and on whom, stays on file with the data. */
  remove(appId: string): Promise<void>;
  /** After its data is gone: deletes what `remove` left. */
  forget(appId: string): Promise<void>;
  findFormer(appId: string): FormerApp | undefined;
  /** True when the record on disk cannot be trusted: the app is disabled until it is uninstalled. */
  isDamaged(appId: string): boolean;
  /**
   * False when a file of the installed app was changed by anyone but the daemon: then it must not connect
   * until it is installed again. Microseconds, unless a file looks changed.
   */
  isIntact(appId: string): boolean;
  listDamaged(): Promise<readonly string[]>;
  /** Called after a change to an app's grants, revocation or presence; returns its own removal. */
  onChange(listener: (appId: string, record: AppRecord | undefined) => void): () => void;
}
