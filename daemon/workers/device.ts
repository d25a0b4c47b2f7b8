/** What an engine computes on, with how many threads of the processor, and why so. */
export interface EngineDevice {
  readonly device: 'Metal' | 'CUDA' | 'Vulkan' | 'CPU';
  /** The device's own name, where the engine tells it. */
  readonly detail?: string;
  readonly threads: number;
  /** Why this device: whole sentences for people. */
  readonly why: string;
  /** Why fewer threads than it was given, when it found out that fewer are faster. */
  readonly threadsWhy?: string;
}

const DEVICES: ReadonlySet<unknown> = new Set<EngineDevice['device']>([
  'Metal',
  'CUDA',
  'Vulkan',
  'CPU',
]);
const MAX_THREADS = 1024;
const MAX_CHARS = 500;

/** "Metal", "CUDA (NVIDIA H200)", "CPU, 2 threads". */
export function describeDevice({ device, detail, threads }: EngineDevice): string {
  const name = detail === undefined ? device : `${device} (${detail})`;
  return device === 'CPU' ? `${name}, ${threads} thread${threads === 1 ? '' : 's'}` : name;
}

/** Whether something that a worker said is a device; a worker may have been taken over. */
export function isEngineDevice(value: unknown): value is EngineDevice {
  if (typeof value !== 'object' || value === null) return false;
  const { device, detail, threads, why, threadsWhy } = value as Readonly<Record<string, unknown>>;
  return (
    DEVICES.has(device) &&
    (detail === undefined || isShortText(detail)) &&
    Number.isInteger(threads) &&
    (threads as number) >= 1 &&
    (threads as number) <= MAX_THREADS &&
    isShortText(why) &&
    (threadsWhy === undefined || isShortText(threadsWhy))
  );
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_CHARS;
}
