const RATE_BYTES = 136;
const HASH_BYTES = 32;
const ROUNDS = 24;
const LANES = 25;

interface Tables {
  /** Of each step of rho and pi: where the lane goes, and by how many bits it turns. */
  readonly places: Int32Array;
  readonly turns: Int32Array;
  /** Of each round, low and high half. */
  readonly constants: Int32Array;
}

const TABLES = createTables();

/** Keccak-256 as Ethereum has it, which is SHA3-256 with other padding. For messages of less than 136 bytes. */
export function keccak256(message: Uint8Array): Uint8Array {
  if (message.length >= RATE_BYTES) throw new RangeError('a message of one block');
  const state = new Int32Array(2 * LANES);
  const bytes = new Uint8Array(state.buffer);
  bytes.set(message);
  bytes[message.length] = 0x01;
  bytes[RATE_BYTES - 1] = (bytes[RATE_BYTES - 1] ?? 0) ^ 0x80;
  for (let round = 0; round < ROUNDS; round += 1) permute(state, round);
  return bytes.slice(0, HASH_BYTES);
}

function permute(state: Int32Array, round: number): void {
  mixColumns(state);
  turnLanes(state);
  mixRows(state);
  state[0] = word(state, 0) ^ word(TABLES.constants, 2 * round);
  state[1] = word(state, 1) ^ word(TABLES.constants, 2 * round + 1);
}

/** Theta. */
function mixColumns(state: Int32Array): void {
  const parity = new Int32Array(10);
  for (let at = 0; at < 2 * LANES; at += 1) {
    parity[at % 10] = word(parity, at % 10) ^ word(state, at);
  }
  for (let column = 0; column < 5; column += 1) {
    const left = 2 * ((column + 4) % 5);
    const right = 2 * ((column + 1) % 5);
    const low = word(parity, right);
    const high = word(parity, right + 1);
    const mixedLow = word(parity, left) ^ ((low << 1) | (high >>> 31));
    const mixedHigh = word(parity, left + 1) ^ ((high << 1) | (low >>> 31));
    for (let lane = column; lane < LANES; lane += 5) {
      state[2 * lane] = word(state, 2 * lane) ^ mixedLow;
      state[2 * lane + 1] = word(state, 2 * lane + 1) ^ mixedHigh;
    }
  }
}

/** Rho and pi. */
function turnLanes(state: Int32Array): void {
  let low = word(state, 2);
  let high = word(state, 3);
  for (let step = 0; step < LANES - 1; step += 1) {
    const place = word(TABLES.places, step);
    const turn = word(TABLES.turns, step);
    const from = turn < 32 ? low : high;
    const to = turn < 32 ? high : low;
    const bits = turn & 31;
    low = word(state, 2 * place);
    high = word(state, 2 * place + 1);
    state[2 * place] = bits === 0 ? from : (from << bits) | (to >>> (32 - bits));
    state[2 * place + 1] = bits === 0 ? to : (to << bits) | (from >>> (32 - bits));
  }
}

/** Chi. */
function mixRows(state: Int32Array): void {
  for (let row = 0; row < 2 * LANES; row += 10) {
    for (let half = row; half < row + 2; half += 1) {
      const a = word(state, half);
      const b = word(state, half + 2);
      const c = word(state, half + 4);
      const d = word(state, half + 6);
      const e = word(state, half + 8);
      state[half] = a ^ (~b & c);
      state[half + 2] = b ^ (~c & d);
      state[half + 4] = c ^ (~d & e);
      state[half + 6] = d ^ (~e & a);
      state[half + 8] = e ^ (~a & b);
    }
  }
}

function word(words: Int32Array, at: number): number {
  return words[at] ?? 0;
}

function createTables(): Tables {
  const places = new Int32Array(LANES - 1);
  const turns = new Int32Array(LANES - 1);
  let [x, y] = [1, 0];
  for (let step = 0; step < LANES - 1; step += 1) {
    turns[step] = (((step + 1) * (step + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
    places[step] = x + 5 * y;
  }
  return { places, turns, constants: createConstants() };
}

/** The bits of a shift register, of which those at 2^j - 1 are set. */
function createConstants(): Int32Array {
  const constants = new Int32Array(2 * ROUNDS);
  let register = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let bit = 0; bit < 7; bit += 1) {
      const at = 2 ** bit - 1;
      const half = 2 * round + (at >= 32 ? 1 : 0);
      if (register & 1) constants[half] = (constants[half] ?? 0) ^ (1 << (at % 32));
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1;
    }
  }
  return constants;
}
