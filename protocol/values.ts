import * as z from 'zod';

/** Standard, padded base64. */
export const Base64 = z
  .string()
  .refine(isBase64, 'standard, padded base64')
  .meta({ id: 'Base64', pattern: '^[A-Za-z0-9+/]*={0,2}$' });

/** The same as the pattern, in a thirtieth of the time: 4 MB of media held up the daemon's other callers. */
export function isBase64(text: string): boolean {
  if (text.length <= PIECE_CHARS || text.length % 4 !== 0) return isShortBase64(text);
  const bytes = createDecodingBytes((PIECE_CHARS / 4) * 3);
  if (bytes === undefined) return isShortBase64(text);
  const lastAt = Math.floor((text.length - 1) / PIECE_CHARS) * PIECE_CHARS;
  for (let at = 0; at < lastAt; at += PIECE_CHARS) {
    if (!isUnpadded(text.slice(at, at + PIECE_CHARS), bytes)) return false;
  }
  return isShortBase64(text.slice(lastAt));
}

/** Of a long text; each four characters are three bytes. */
const PIECE_CHARS = 16 * 1024;

/** In the language since 2025: neither in its typings yet nor in every Node that a client may run on. */
interface DecodingBytes extends Uint8Array {
  setFromBase64(text: string): { readonly read: number; readonly written: number };
}

function createDecodingBytes(length: number): DecodingBytes | undefined {
  const bytes = new Uint8Array(length);
  return 'setFromBase64' in bytes ? (bytes as DecodingBytes) : undefined;
}

/** Nothing but digits of base64: white space and padding, which the decoder takes, stand for no byte. */
function isUnpadded(piece: string, bytes: DecodingBytes): boolean {
  try {
    return bytes.setFromBase64(piece).written * 4 === piece.length * 3;
  } catch {
    return false;
  } finally {
    // What was decoded may be anybody's.
    bytes.fill(0);
  }
}

function isShortBase64(text: string): boolean {
  // V8 looks for this class at 1 ns a character; for the one without `=` it needs 7.
  return (
    text.length % 4 === 0 &&
    /^[A-Za-z0-9+/=]*$/.test(text) &&
    !text.slice(0, -2).includes('=') &&
    !/=[^=]$/.test(text.slice(-2))
  );
}

export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256:<64 hex>');

/** Text that UTF-8 can carry: a lone surrogate would be stored as another character. */
export const Unicode = z
  .string()
  .refine((text) => text.isWellFormed(), 'well-formed Unicode, no lone surrogates');

/** Bytes or a blob of this app; nothing beside it. */
export const MediaInput = z
  .union([
    z.strictObject({ blob: z.string().max(128).describe('A committed blob of this app.') }),
    z.strictObject({ data: Base64 }),
  ])
  .meta({ id: 'MediaInput' });

/** Little-endian 32-bit floats in base64, or plain numbers. */
export const Vector = z
  .union([z.array(z.number()).min(1).max(8192), z.strictObject({ f32: Base64 })])
  .describe(
    'Little-endian 32-bit floats in base64, or plain numbers. Many vectors go as `{f32}`: a message has at most 65,536 values and 4 MiB.',
  )
  .meta({ id: 'Vector' });

/** A SQL value: scalars as JSON; bytes, big integers and vectors in their wire shapes. */
export const SqlValue = z
  .union([
    z.null(),
    z.boolean(),
    z.number(),
    Unicode,
    z.strictObject({ base64: Base64 }),
    z.strictObject({ int64: z.string().regex(/^-?\d{1,19}$/, 'a decimal 64-bit integer') }),
    z.strictObject({ f32: Base64 }),
  ])
  .meta({ id: 'SqlValue' });

export const MAX_SQL_PARAMS = 32_766;

export const SqlParams = z.union([
  z.array(SqlValue).max(MAX_SQL_PARAMS),
  z.record(z.string().max(128), SqlValue),
]);

export type MediaInput = z.output<typeof MediaInput>;
export type Vector = z.output<typeof Vector>;
export type SqlValue = z.output<typeof SqlValue>;
export type SqlParams = z.output<typeof SqlParams>;

/** A deadline that the caller sets, milliseconds from the arrival of its call. */
export const TimeoutMs = z
  .int()
  .min(1)
  .max(24 * 60 * 60 * 1000)
  .describe('Answer Timeout when not done after this long, waiting included.');
