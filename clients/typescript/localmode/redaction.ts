import { type Entity, patternOf } from '@locara/protocol';
import type { ClientSource } from './client-source.ts';
import {
  type RedactionOptions,
  type ReplacementFunction,
  toDetection,
} from './redaction-options.ts';

export interface Redaction {
  /** The text with what is found replaced, once, from its first to its last offset. */
  readonly redactPII: (text: string, options?: RedactionOptions) => Promise<string>;
}

export function createRedaction(client: ClientSource): Redaction {
  return {
    redactPII: async (text, options = {}) => {
      const { privacy } = client();
      const detection = toDetection(options);
      const { replacement } = options;
      if (typeof replacement !== 'function') {
        return (await privacy.redact({ text, ...detection, replacement })).text;
      }
      const { entities } = await privacy.detect({ text, ...detection });
      return replaceEntities(text, entities, replacement);
    },
  };
}

/** In one pass over the offsets of the text as it was given, which are in order and do not overlap. */
function replaceEntities(
  text: string,
  entities: readonly Entity[],
  replace: ReplacementFunction,
): string {
  let done = 0;
  let edited = '';
  for (const { entity, start, end } of entities) {
    edited += text.slice(done, start) + replace(text.slice(start, end), patternOf(entity));
    done = end;
  }
  return edited + text.slice(done);
}
