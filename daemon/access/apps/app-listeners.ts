import type { Log } from '../../log.ts';
import type { AppRecord } from './app-registry.ts';

type Listener = (appId: string, record: AppRecord | undefined) => void;

/** Who is told of a change to an app. */
export interface AppListeners {
  /** Returns its own removal. */
  add(listener: Listener): () => void;
  /** One that fails keeps no other from being told. */
  announce: Listener;
}

export function createAppListeners(log: Pick<Log, 'warn'>): AppListeners {
  const listeners = new Set<Listener>();
  return {
    add: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    announce: (appId, record) => {
      for (const listener of listeners) {
        try {
          listener(appId, record);
        } catch {
          log.warn('app.listenerFailed', { appId });
        }
      }
    },
  };
}
