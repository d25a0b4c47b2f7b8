import { hash } from 'node:crypto';
import type { BudgetTerms } from './budgets.ts';

/** An account that is new. */
export interface OpenRecord {
  /** Its number; they rise. */
  readonly open: number;
  readonly id: string;
  readonly name: string;
  /** The number of the budget that limits it; its own where it is one. */
  readonly of?: number;
  /** Of a budget. */
  readonly terms?: LedgerTerms;
}

/** With what they come to, so that it stays the same whatever is reckoned later. */
export interface LedgerTerms extends BudgetTerms {
  readonly microRho: string;
  /** Of an account that began with Gaussian noise, in 1e-24. */
  readonly gauss: string;
}

/** What was spent on an account: of one charge, or, in a file that was written anew, of all before. */
export interface SpendRecord {
  readonly spend: number;
  readonly rho: string;
  /** Absent where it was not pure. */
  readonly eps?: string;
  /** In 1e-24, where the account began with Gaussian noise. */
  readonly gauss?: string;
  readonly n: number;
}

export type LedgerRecord = OpenRecord | SpendRecord;

/** The first line: what the file is, and under which key its names are. */
export interface LedgerHeader {
  readonly ledger: 1;
  readonly appId: string;
  readonly keyId: string;
}

/** What is on the disk is not what was written there. */
export class LedgerDamaged extends Error {}

/** No line is longer: a name has at most 384 characters. */
export const MAX_LINE_BYTES = 8192;
const CHECK_CHARS = 16;

/** The check of a line: it stands for everything before it as well. */
export type Check = string;
export const NO_CHECK: Check = '';

export function writeLine(
  check: Check,
  content: LedgerHeader | LedgerRecord,
): { readonly line: string; readonly check: Check } {
  const body = JSON.stringify(content);
  const next = checkOf(check, body);
  return { line: `${next} ${body}\n`, check: next };
}

/** The content of a line without its line feed. Throws LedgerDamaged. */
export function readLine(check: Check, line: string): { content: object; check: Check } {
  const own = line.slice(0, CHECK_CHARS);
  const body = line.slice(CHECK_CHARS + 1);
  if (line[CHECK_CHARS] !== ' ' || own !== checkOf(check, body)) {
    throw new LedgerDamaged('a line is not what was written');
  }
  return { content: JSON.parse(body) as object, check: own };
}

export function readHeader(content: object, expected: Omit<LedgerHeader, 'ledger'>): void {
  const header = content as Partial<LedgerHeader>;
  if (header.ledger !== 1 || header.appId !== expected.appId) {
    throw new LedgerDamaged('it is not the record of this app');
  }
  if (header.keyId !== expected.keyId) throw new LedgerDamaged('its key is another one');
}

function checkOf(before: Check, body: string): Check {
  return hash('sha256', `${before}\n${body}`).slice(0, CHECK_CHARS);
}
