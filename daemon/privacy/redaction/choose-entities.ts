import { RpcError } from '@locara/protocol/errors';
import { groupOf, PATTERN_ENTITIES } from '@locara/protocol/pattern-names';

/**
 * Which of `entities` are meant by short names, groups (`PASSPORT`) and entities' own names. A name that means none
 * is refused (InvalidParams, `rule: unknown_pattern`): it would otherwise redact nothing, and nobody would know.
 */
export function chooseEntities(
  names: readonly string[],
  entities: ReadonlySet<string>,
  custom: ReadonlySet<string>,
): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const name of names) {
    const wanted = Object.hasOwn(PATTERN_ENTITIES, name)
      ? PATTERN_ENTITIES[name as keyof typeof PATTERN_ENTITIES]
      : name;
    const meant = [...entities].filter((entity) => entity === wanted || groupOf(entity) === wanted);
    if (meant.length === 0 && !custom.has(name)) throw unknownPattern(name);
    for (const entity of meant) chosen.add(entity);
  }
  return chosen;
}

function unknownPattern(name: string): RpcError {
  const names = Object.keys(PATTERN_ENTITIES).join(', ');
  const message = `There is no pattern called ${name}: take ${names}, an entity's name, or a custom one.`;
  return new RpcError('InvalidParams', message, {
    details: { rule: 'unknown_pattern', pattern: name },
  });
}
