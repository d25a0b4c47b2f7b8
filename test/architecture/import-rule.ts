import type { Source } from './sources.ts';

/** One rule about which file may import what. */
export interface ImportRule {
  readonly name: string;
  /** The files it speaks of. */
  readonly files: RegExp;
  /** The imports it speaks of; all of them when absent. */
  readonly imports?: RegExp;
  /** Among those imports, the allowed ones; none when absent. */
  readonly allows?: RegExp;
  /** Types are gone at run time, so most rules about libraries let them pass. */
  readonly includesTypes?: true;
  /** Sources that break the rule, to prove that it can fail. */
  readonly violation: Source;
}
