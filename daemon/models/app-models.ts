import type { CatalogEntry, Modality } from '@locara/protocol';
import type { SessionCall } from '../rpc/handler.ts';

/** A model whose files are verified and in the cache. */
export interface ReadyModel {
  readonly entry: CatalogEntry;
  /** `sha256:<hex>`, as a manifest pins it. */
  readonly digest: string;
  /** Absolute path of one of its files (the only one, when unnamed). */
  path(fileName?: string): string;
  /** Checks the files again, before an engine opens them. Throws Unavailable with `details.command`. */
  verify(signal: AbortSignal): Promise<void>;
}

/** The models one app may use: those its manifest pins. */
export interface AppModels {
  /**
   * The model a call means: the one named, or the first pinned one that fits, made ready.
   * Throws NotFound (not pinned), InvalidParams (pinned for another task), Unavailable (not installed).
   */
  resolve(request: {
    readonly call: SessionCall;
    readonly tasks: readonly Modality[];
    readonly model: string | undefined;
  }): Promise<ReadyModel>;
}
