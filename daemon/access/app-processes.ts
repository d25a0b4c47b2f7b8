/** Facts of the kernel about processes. */
export interface ProcessTable {
  /** The process and its parents, nearest first; empty when it is gone. */
  processAncestors(pid: number): readonly number[];
  /** A value that differs between two processes that had the same pid; undefined when the process is gone. */
  processStartTime(pid: number): string | undefined;
}

/** Remembers which processes are apps, so that the control socket can refuse them and their children. */
export interface AppProcesses {
  remember(pid: number): void;
  /** True when the process is an app, or descends from one, or when that cannot be told. */
  isAppOrChild(pid: number): boolean;
}

const SWEEP_ABOVE = 1024;

export function createAppProcesses(processes: ProcessTable): AppProcesses {
  const startTimes = new Map<number, string>();
  const isApp = (pid: number): boolean => {
    const remembered = startTimes.get(pid);
    if (remembered === undefined) return false;
    if (processes.processStartTime(pid) === remembered) return true;
    // The app has ended and another process got its number.
    startTimes.delete(pid);
    return false;
  };
  return {
    remember: (pid) => {
      const startTime = processes.processStartTime(pid);
      if (startTime !== undefined) startTimes.set(pid, startTime);
      if (startTimes.size > SWEEP_ABOVE) for (const known of [...startTimes.keys()]) isApp(known);
    },
    isAppOrChild: (pid) => {
      const line = processes.processAncestors(pid);
      return line.length === 0 || line.some(isApp);
    },
  };
}
