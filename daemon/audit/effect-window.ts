import { FOUND_ENTITIES, PATTERN_ENTITIES } from '@locara/protocol';

/** What is done to an app's content for privacy's sake. */
export const EFFECT_STEPS = ['redact', 'dp', 'encrypt', 'decrypt'] as const;
export type EffectStep = (typeof EFFECT_STEPS)[number];

/** What one call did to content: how much of what, and never the content. */
export interface PrivacyEffect {
  readonly appId: string;
  readonly method: string;
  readonly step: EffectStep;
  /** By entity, or by what else was counted, as `records` or `microRho`. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Effects of one app, method and step, counted together. */
export interface EffectRecord {
  readonly appId: string;
  readonly method: string;
  readonly step: EffectStep;
  readonly counts: Map<string, number>;
  /** Calls. */
  count: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
  lastAt: number;
  /** The number of its entry, once it is one. */
  n?: number;
}

/** Everything that is counted by name: an app's own patterns have names of its own, which may be anything. */
const COUNTED: ReadonlySet<string> = new Set([
  ...FOUND_ENTITIES,
  ...Object.values(PATTERN_ENTITIES),
  ...['texts', 'records', 'vectors', 'values', 'fields', 'bytes', 'microRho', 'microEpsilon'],
]);
const OTHER = 'CUSTOM';

/** Records of one app that are open at once; what is more distinct is counted under the method `*`. */
const MAX_OPEN_PER_APP = 64;

/** Counts effects until they become entries, as UseWindow does uses; who may cause how many is that one's to say. */
export class EffectWindow {
  readonly #apps = new Map<string, Map<string, EffectRecord>>();
  readonly #onOpen: (record: EffectRecord) => void;

  constructor(onOpen: (record: EffectRecord) => void) {
    this.#onOpen = onOpen;
  }

  get hasOpen(): boolean {
    return this.#apps.size > 0;
  }

  count(effect: PrivacyEffect): void {
    const record = this.#recordOf(effect);
    record.count += 1;
    record.lastAt = Date.now();
    for (const [name, amount] of Object.entries(effect.counts)) {
      if (!(amount > 0)) continue;
      const key = COUNTED.has(name) ? name : OTHER;
      const sum = Math.round((record.counts.get(key) ?? 0) + amount);
      record.counts.set(key, Math.min(sum, Number.MAX_SAFE_INTEGER));
    }
  }

  /** Closes records while `spend` allows one more entry for their app. */
  close(spend: (appId: string) => boolean): EffectRecord[] {
    return [...this.#apps.keys()].flatMap((appId) => this.closeApp(appId, spend));
  }

  closeApp(appId: string, spend: (appId: string) => boolean = () => true): EffectRecord[] {
    const open = this.#apps.get(appId);
    const closed: EffectRecord[] = [];
    for (const [key, record] of open ?? []) {
      if (!spend(appId)) break;
      open?.delete(key);
      closed.push(record);
    }
    if (open?.size === 0) this.#apps.delete(appId);
    return closed;
  }

  #recordOf({ appId, method, step }: PrivacyEffect): EffectRecord {
    const open = this.#apps.get(appId) ?? new Map<string, EffectRecord>();
    this.#apps.set(appId, open);
    const known = open.get(`${step} ${method}`);
    if (known !== undefined) return known;
    const shown = open.size < MAX_OPEN_PER_APP ? method : '*';
    const key = `${step} ${shown}`;
    const now = Date.now();
    const record = open.get(key) ?? {
      ...{ appId, method: shown, step },
      ...{ counts: new Map<string, number>(), count: 0, firstAt: now, lastAt: now },
    };
    if (!open.has(key)) {
      open.set(key, record);
      this.#onOpen(record);
    }
    return record;
  }
}
