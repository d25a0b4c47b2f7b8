import type { AppManifest } from '@locara/protocol';

/** How much inference one app may ask for. */
export interface QuotaLimits {
  /** Calls of `llm.*` and embeddings that are not answered yet. */
  readonly concurrentCalls: number;
  readonly tokensPerMinute: number;
  readonly tokensPerDay: number;
}

/** Whose use is counted: an open session, or the record of an installed app. */
export interface QuotaHolder {
  readonly appId: string;
  readonly manifest: Pick<AppManifest, 'limits'>;
}

/** What the settings allow, or less where the manifest of the app says so. */
export function limitsOf({ manifest }: QuotaHolder, settings: QuotaLimits): QuotaLimits {
  const { limits = {} } = manifest;
  const smaller = (setting: number, declared: number | undefined): number =>
    Math.min(setting, declared ?? setting);
  return {
    concurrentCalls: smaller(settings.concurrentCalls, limits.concurrent_calls),
    tokensPerMinute: smaller(settings.tokensPerMinute, limits.tokens_per_minute),
    tokensPerDay: smaller(settings.tokensPerDay, limits.tokens_per_day),
  };
}
