/** More than any conversation has messages, tools and characters of a role. */
const MAX_ITEMS = 1_000_000;

/**
 * Makes lists of this thread fail before they are large. A thread that has too many small things is ended by its
 * limits; one large thing ends the whole process, and templates can ask for lists of any length.
 */
export function boundLists(list: typeof Array.prototype = Array.prototype): void {
  const { push, concat } = list;
  list.push = function pushBounded(this: unknown[], ...items: unknown[]): number {
    if (this.length + items.length > MAX_ITEMS) throw new RangeError('too many items');
    return Reflect.apply(push, this, items);
  };
  list.concat = function concatBounded(this: unknown[], ...lists: unknown[]): unknown[] {
    const joined: unknown[] = Reflect.apply(concat, this, lists);
    if (joined.length > MAX_ITEMS) throw new RangeError('too many items');
    return joined;
  };
}
