import { divideThreads, type Sharer } from './divide-threads.ts';
import type { ThreadBudget } from './thread-policy.ts';

/** An engine among those that share the cores. */
export interface GovernedEngine {
  /** It has work from now on. */
  begin(): void;
  /** It has none any more. */
  end(): void;
  /** Its process was started anew, with the threads of an engine that is alone. */
  restart(): void;
  /** Why it has as many threads as it has, for people. */
  why(): string;
  /** What it has while no other engine computes. */
  alone(): { readonly threads: number; readonly why: string };
}

export interface EngineOptions extends Sharer {
  readonly tell: (threads: number) => void;
}

export interface ThreadGovernor {
  readonly budget: ThreadBudget;
  add(options: EngineOptions): GovernedEngine;
}

interface Member extends EngineOptions {
  isBusy: boolean;
  told: number;
  idleTimer: NodeJS.Timeout | undefined;
}

/** A moment between two calls is no reason to give threads away and take them back. */
const LINGER_MS = 250;

/** Shares one budget of threads among the engines that have work, and tells each its part whenever it changes. */
export function createThreadGovernor(
  budget: ThreadBudget,
  { lingerMs = LINGER_MS }: { readonly lingerMs?: number } = {},
): ThreadGovernor {
  const members = new Set<Member>();
  const busy = (): Member[] => [...members].filter(({ isBusy }) => isBusy);
  const share = (): void => {
    const sharers = busy();
    const threads = divideThreads(sharers, budget);
    for (const [index, member] of sharers.entries()) tell(member, threads[index] ?? 1);
  };
  const setBusy = (member: Member, isBusy: boolean): void => {
    if (member.isBusy === isBusy) return;
    member.isBusy = isBusy;
    share();
  };
  const why = (member: Member): string => {
    const others = busy().length - 1;
    if (member.isSingle) return '';
    if (!member.isBusy || others < 1) return budget.why;
    return `${budget.why} ${others === 1 ? 'One other engine computes' : `${others} other engines compute`} at the same time.`;
  };
  return {
    budget,
    add: (options) => {
      const member: Member = { ...options, isBusy: false, told: budget.each, idleTimer: undefined };
      members.add(member);
      return {
        begin: () => {
          clearTimeout(member.idleTimer);
          setBusy(member, true);
        },
        end: () => {
          clearTimeout(member.idleTimer);
          member.idleTimer = setTimeout(() => {
            setBusy(member, false);
          }, lingerMs).unref();
        },
        restart: () => {
          const { told } = member;
          member.told = budget.each;
          tell(member, told);
        },
        why: () => why(member),
        alone: () =>
          member.isSingle ? { threads: 1, why: '' } : { threads: budget.each, why: budget.why },
      };
    },
  };
}

function tell(member: Member, threads: number): void {
  if (member.told === threads) return;
  member.told = threads;
  if (!member.isSingle) member.tell(threads);
}
