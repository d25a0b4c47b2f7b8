/** What both sides are asked to write, greedily. */
export interface Task {
  readonly prompt: string;
  readonly maxTokens: number;
}

/** One text as its reader sees it. */
export interface Generation {
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly firstTokenMs: number;
  readonly cpuUsPerToken: number;
  readonly text: string;
}
