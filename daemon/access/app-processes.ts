/** What the kernel says of a process: itself and its parents, nearest first; empty when it is gone. */
export type ProcessAncestors = (pid: number) => readonly number[];

/** Which processes are apps now, so that the control socket can refuse them and their children. */
export interface AppProcesses {
  /** The process holds an app session until the answer is called. */
  hold(pid: number): () => void;
  /** True when the process is an app, or descends from one, or when that cannot be told. */
  isAppOrChild(pid: number): boolean;
}

export function createAppProcesses(ancestors: ProcessAncestors): AppProcesses {
  const holds = new Map<number, number>();
  return {
    hold: (pid) => {
      holds.set(pid, (holds.get(pid) ?? 0) + 1);
      return () => {
        const left = (holds.get(pid) ?? 0) - 1;
        if (left > 0) holds.set(pid, left);
        else holds.delete(pid);
      };
    },
    isAppOrChild: (pid) => {
      const line = ancestors(pid);
      return line.length === 0 || line.some((process) => holds.has(process));
    },
  };
}
