/** How long this boot has lasted, sleep included, by a clock that setting the time does not move. */
export interface BootReading {
  /** Of this boot alone: another one has another id. */
  readonly bootId: string;
  readonly elapsedMs: number;
}
