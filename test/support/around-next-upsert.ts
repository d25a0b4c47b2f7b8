import type { AppStores } from '../../daemon/stores/app-stores.ts';

/** What happens right before the next records are written, and right after. */
export function aroundNextUpsert(
  stores: AppStores,
  { before, after }: { readonly before?: () => Promise<unknown>; readonly after?: () => void },
): void {
  const storeFor = stores.storeFor.bind(stores);
  let isNext = true;
  stores.storeFor = (...asked) => {
    const store = storeFor(...asked);
    const write = (...all: unknown[]) =>
      (store.call as (...all: unknown[]) => Promise<never>)(...all);
    return {
      ...store,
      call: async (op: string, ...rest: never[]) => {
        if (op !== 'upsertRecords' || !isNext) return write(op, ...rest);
        isNext = false;
        await before?.();
        const answer = await write(op, ...rest);
        after?.();
        return answer;
      },
    } as typeof store;
  };
}
