/** What one app does with an engine. */
export interface OwnUse {
  /** Calls it waits for now. */
  readonly calls: number;
  /** Whether it had any since the engine was loaded. */
  readonly hasCalled: boolean;
}

export interface EngineUse {
  /** Counts one call of an app until the function that it returns is called. */
  begin(app: string): () => void;
  of(app: string): OwnUse;
  /** The process is gone: who had called it has no engine any more. */
  forget(): void;
}

/** Counts the calls of one engine, app by app; tells when the first begins and the last ends. */
export function createEngineUse(on: {
  readonly onBusy: () => void;
  readonly onIdle: () => void;
}): EngineUse {
  const calls = new Map<string, number>();
  const callers = new Set<string>();
  const change = (app: string, by: 1 | -1): void => {
    const count = (calls.get(app) ?? 0) + by;
    if (count === 0) calls.delete(app);
    else calls.set(app, count);
  };
  return {
    begin: (app) => {
      if (calls.size === 0) on.onBusy();
      change(app, 1);
      callers.add(app);
      return () => {
        change(app, -1);
        if (calls.size === 0) on.onIdle();
      };
    },
    of: (app) => ({ calls: calls.get(app) ?? 0, hasCalled: callers.has(app) }),
    forget: () => {
      callers.clear();
      for (const app of calls.keys()) callers.add(app);
    },
  };
}
