/** How hard the system works to find memory: `warning`, programs wait for it; `critical`, all of them do. */
export type Pressure = 'normal' | 'warning' | 'critical';

/** What one operating system tells of its memory; undefined where it does not. */
export interface MemoryPlatform {
  /** Of the group of processes that this one is confined to. */
  limitBytes(): number | undefined;
  availableBytes(): number | undefined;
  pressure(): Pressure | undefined;
}
