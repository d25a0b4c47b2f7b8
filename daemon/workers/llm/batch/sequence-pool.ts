import type { Token } from '../token.ts';
import type { DecodeContext } from './decode-context.ts';

/** One place of the context: what it holds, and whose it is. */
export interface Seat {
  readonly sequence: number;
  /** What the engine has read here, in order. */
  readonly tokens: Token[];
}

type Span = readonly [from: number, to: number];

interface Place extends Seat {
  owner: string | undefined;
  session: string | undefined;
  /** What was written here, token by token: from, to, ascending. */
  written: readonly Span[];
  isTaken: boolean;
  usedAt: number;
}

/** Whose text is to be read. */
export interface Claim {
  readonly owner: string;
  readonly session: string;
  /** Its prompt, and behind that what it had written when it had to make room. */
  readonly tokens: readonly Token[];
  readonly promptLength: number;
}

/** The sequences of one context. What is left in one is found again by its owner alone. */
export interface SequencePool {
  /** The best free seat, with the beginning of the text in it that need not be read again; undefined when all are taken. */
  take(claim: Claim): Seat | undefined;
  /** Leaves what was read for the owner's next text; what stands behind `promptLength` was written. */
  release(seat: Seat, promptLength: number): void;
  /** For when nobody knows what the engine made of it. */
  discard(seat: Seat): void;
  /** Empties what a session left; what it still uses is emptied once released. */
  forget(session: string): void;
  /** What a sequence holds now. */
  lengthOf(sequence: number): number;
}

/**
 * So many tokens of a prompt are always read again. One alone would go through other kernels than several do,
 * and its last bits could differ from those of a prompt that is read for the first time.
 */
const MIN_READ_TOKENS = 2;

export function createSequencePool(context: DecodeContext): SequencePool {
  const places = Array.from({ length: context.sequences }, (_value, at) => createPlace(at));
  const forgotten = new Set<string>();
  let clock = 0;

  const empty = (place: Place): void => {
    context.clear(place.sequence);
    place.tokens.length = 0;
    place.owner = undefined;
    place.session = undefined;
    place.written = [];
  };

  /** Cuts the place to what it shares with the prompt. */
  const align = (place: Place, keep: number): void => {
    if (keep === place.tokens.length && keep > 0) return;
    const isWhole = keep > 0 && context.firstPosition(place.sequence) <= 0;
    if (isWhole && context.canTruncate && context.truncate(place.sequence, keep)) {
      place.tokens.length = keep;
      place.written = place.written.filter(([, to]) => to <= keep);
    } else empty(place);
  };

  const release = (seat: Seat, promptLength: number): void => {
    const place = placeOf(places, seat);
    place.isTaken = false;
    markWritten(place, promptLength);
    place.usedAt = ++clock;
    if (place.session !== undefined && forgotten.has(place.session)) empty(place);
    if (places.every(({ isTaken, session }) => !isTaken || !forgotten.has(session ?? ''))) {
      forgotten.clear();
    }
  };

  return {
    take: (claim) => {
      const { owner, session } = claim;
      const chosen = choosePlace(places, claim);
      if (chosen === undefined) return undefined;
      const { place, keep } = chosen;
      align(place, keep);
      place.owner = owner;
      place.session = session;
      place.isTaken = true;
      return place;
    },
    release,
    discard: (seat) => {
      empty(placeOf(places, seat));
      release(seat, 0);
    },
    forget: (session) => {
      for (const place of places) {
        if (place.session !== session) continue;
        if (place.isTaken) forgotten.add(session);
        else empty(place);
      }
    },
    lengthOf: (sequence) => places[sequence]?.tokens.length ?? 0,
  };
}

function createPlace(sequence: number): Place {
  return {
    sequence,
    tokens: [],
    owner: undefined,
    session: undefined,
    written: [],
    isTaken: false,
    usedAt: 0,
  };
}

/** What came behind the prompt, and is not known yet. */
function markWritten(place: Place, promptLength: number): void {
  const { length } = place.tokens;
  const from = Math.max(promptLength, place.written.at(-1)?.[1] ?? 0);
  if (length > from) place.written = [...place.written, [from, length]];
}

function placeOf(places: readonly Place[], { sequence }: Seat): Place {
  const place = places[sequence];
  if (place === undefined) throw new Error('no such sequence');
  return place;
}

/**
 * The owner's own place that shares most with the prompt, unless that would cost most of another conversation
 * while an empty place is there; else an empty one; else the one that nobody has used for longest.
 */
function choosePlace(
  places: readonly Place[],
  claim: Claim,
): { readonly place: Place; readonly keep: number } | undefined {
  const free = places.filter(({ isTaken }) => !isTaken);
  const own = free
    .filter((place) => place.owner === claim.owner)
    .map((place) => ({ place, keep: usableLength(place, claim) }))
    .sort((one, other) => other.keep - one.keep || other.place.usedAt - one.place.usedAt)
    .at(0);
  const unused = free
    .filter(({ tokens }) => tokens.length === 0)
    .sort((one, other) => distance(places, one) - distance(places, other))
    .at(0);
  if (own !== undefined && own.keep > 0) {
    const isMostOfIt = own.keep * 2 >= own.place.tokens.length;
    if (isMostOfIt || unused === undefined) return own;
  }
  if (unused !== undefined) return { place: unused, keep: 0 };
  const [oldest] = free.toSorted((one, other) => one.usedAt - other.usedAt);
  return oldest === undefined ? undefined : { place: oldest, keep: 0 };
}

/** How far from the places in use: neighbours are computed in one pass. */
function distance(places: readonly Place[], { sequence }: Seat): number {
  const taken = places.filter(({ isTaken }) => isTaken).map((place) => place.sequence);
  return taken.length === 0 ? sequence : Math.min(...taken.map((at) => Math.abs(at - sequence)));
}

/**
 * How much of the place is the beginning of the text, with the same bits as if the text were read. What was written
 * leaves other bits than what is read, so of that only the whole is used: an answer, in the next turn of its
 * conversation, or a text that goes on. A few equal tokens at its beginning are chance.
 */
function usableLength(place: Place, { tokens, promptLength }: Claim): number {
  const shared = sharedLength(place.tokens, tokens);
  const goesOn = shared >= promptLength && tokens.length > promptLength;
  const most = goesOn ? tokens.length - 1 : promptLength - MIN_READ_TOKENS;
  const usable = Math.max(0, Math.min(shared, most));
  const cut = place.written.find(([from, to]) => from < usable && usable < to);
  return cut === undefined ? usable : Math.min(cut[0], Math.max(0, promptLength - MIN_READ_TOKENS));
}

function sharedLength(held: readonly Token[], tokens: readonly Token[]): number {
  const most = Math.min(held.length, tokens.length);
  let length = 0;
  while (length < most && held[length] === tokens[length]) length++;
  return length;
}
