import { laneOf, type Laned } from './run.ts';

/** How far one owner's texts may be ahead of the others', in tokens: enough for all its places once. */
const LEAD_TOKENS = 8;
/** While somebody waits in front of a screen, background texts take part in every so many steps only. */
const BACKGROUND_EVERY = 4;

/**
 * Who takes part in a step, so that owners get equal numbers of tokens however many texts each has. Writing
 * and reading are counted apart: a token of a prompt costs a fraction of one that is written.
 */
export interface Lanes {
  /** Of the runs that could write a token now, those that do. Never none of several. */
  chooseWriters<R extends Laned>(runs: readonly R[], step: number): R[];
  /** Of the runs with a prompt to read, the one whose turn it is. */
  chooseReader<R extends Laned>(runs: readonly R[], step: number): R | undefined;
  countWritten(run: Laned): void;
  countRead(run: Laned, tokens: number): void;
  /** Forgets owners without texts. */
  keepOnly(runs: Iterable<Laned>): void;
}

export function createLanes(): Lanes {
  const written = createShares();
  const read = createShares();
  return {
    chooseWriters: (runs, step) => {
      const turn = runs.filter((run) => hasTurn(run, runs, step));
      const lanes = Map.groupBy(turn, laneOf);
      if (lanes.size <= 1) return turn;
      const floor = written.level([...lanes.keys()]);
      return [...lanes].flatMap(([lane, own]) => {
        const allowed = floor + LEAD_TOKENS - written.of(lane);
        return allowed >= own.length ? own : oldestFirst(own).slice(0, Math.max(0, allowed));
      });
    },
    chooseReader: (runs, step) => {
      const turn = runs.filter((run) => hasTurn(run, runs, step));
      read.level([...new Set(turn.map(laneOf))]);
      return turn.toSorted(
        (one, other) => read.of(laneOf(one)) - read.of(laneOf(other)) || one.stepAt - other.stepAt,
      )[0];
    },
    countWritten: (run) => {
      written.add(laneOf(run), 1);
    },
    countRead: (run, tokens) => {
      read.add(laneOf(run), tokens);
    },
    keepOnly: (runs) => {
      const lanes = new Set([...runs].map(laneOf));
      written.keepOnly(lanes);
      read.keepOnly(lanes);
    },
  };
}

function hasTurn({ request }: Laned, runs: readonly Laned[], step: number): boolean {
  if (!request.caller.isBackground || step % BACKGROUND_EVERY === 0) return true;
  return runs.every((other) => other.request.caller.isBackground);
}

function oldestFirst<R extends Laned>(runs: readonly R[]): R[] {
  return runs.toSorted((one, other) => one.stepAt - other.stepAt);
}

/** Tokens each lane has had, of late. */
interface Shares {
  of(lane: string): number;
  add(lane: string, tokens: number): void;
  /** The least among these. Who comes back, or is new, starts there: what nobody used is not saved up. */
  level(lanes: readonly string[]): number;
  keepOnly(lanes: ReadonlySet<string>): void;
}

function createShares(): Shares {
  const shares = new Map<string, number>();
  let active: ReadonlySet<string> = new Set();
  const of = (lane: string): number => shares.get(lane) ?? 0;
  return {
    of,
    add: (lane, tokens) => {
      shares.set(lane, of(lane) + tokens);
    },
    level: (lanes) => {
      const stayed = lanes.filter((lane) => active.has(lane)).map(of);
      const floor = stayed.length === 0 ? Math.max(0, ...lanes.map(of)) : Math.min(...stayed);
      for (const lane of lanes) {
        if (!active.has(lane)) shares.set(lane, Math.max(of(lane), floor));
      }
      active = new Set(lanes);
      return Math.min(...lanes.map(of));
    },
    keepOnly: (lanes) => {
      // Who left while ahead is still ahead on coming back.
      const floor = lanes.size === 0 ? Infinity : Math.min(...[...lanes].map(of));
      for (const [lane, share] of shares) {
        if (!lanes.has(lane) && share <= floor) shares.delete(lane);
      }
    },
  };
}
