import { readFileSync } from 'node:fs';

const MAX_CPU_CHARS = 1024 * 1024;

/** Whether the processor has instructions for AES, by the kernel's word. Throws where it says nothing. */
export function hasLinuxAes(): boolean {
  return namesAes(readFileSync('/proc/cpuinfo', 'latin1').slice(0, MAX_CPU_CHARS));
}

/** Of the kernel's description of processors: `flags` on x86, `Features` on ARM. */
export function namesAes(cpuinfo: string): boolean {
  const [, flags = ''] = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo) ?? [];
  return flags.split(/\s+/).includes('aes');
}
