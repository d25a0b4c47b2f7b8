import * as z from 'zod';

export const SemVer = z
  .string()
  .max(64)
  .regex(
    /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/,
    'strict semantic versioning, as 1.2.3',
  );

/** Compared as it is written: nothing in it is trimmed, decoded or filled in. */
export const WebUrl = z
  .string()
  .max(512)
  .regex(
    /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][\x21-\x7e]*)?$/,
    'a web address in ASCII without user name, as https://example.org/notes',
  );

export const Email = z.email('an email address, as ada@example.org').max(254);

// What moves the cursor, turns the text around, or cannot be seen: also letters that are drawn as nothing and
// tags that hide words. The joiners of emoji and scripts may stay.
const DECEPTIVE =
  '\\p{Cc}\\p{Zl}\\p{Zp}\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b\\u200e\\u200f\\u202a-\\u202e' +
  '\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0d\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}' +
  '\\u{e0000}-\\u{e0fff}';

/** One line that a person reads before deciding: it shows what it says, and it says something. */
export const Line = z
  .string()
  .regex(
    new RegExp(`^(?! )[^${DECEPTIVE}]*(?<! )$`, 'u'),
    'one line of visible text, without control, direction or invisible characters, or a space at either end',
  )
  .refine((line) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(line), 'at least one visible character')
  // A gap pushes words onto a line of their own in a terminal; a stack of marks covers the lines above.
  .refine(
    (line) => !/\p{Zs}{3}|\p{M}{5}/u.test(line),
    'no gaps of three spaces, and at most four marks on a letter',
  );

/** Several lines for people. */
export const Text = z
  .string()
  .min(1)
  .regex(
    new RegExp(`^(?:[^${DECEPTIVE}]|[\\n\\t])*$`, 'u'),
    'text without control, direction or invisible characters',
  );

export const RelativePath = z
  .string()
  .min(1)
  .max(256)
  .regex(
    new RegExp(`^(?![/~])(?!(?:.*/)?\\.\\.(?:/|$))[^\\\\:${DECEPTIVE}]+$`, 'u'),
    'a path inside the package, as icons/app.png',
  );

/** A model pin: `<catalog id>@sha256:<64 hex>`. */
export const ModelPin = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,127}@sha256:[0-9a-f]{64}$/,
    'a pinned model: <catalog id>@sha256:<64 lower-case hex digits>',
  );

export const ToolId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dot, _ and -');

export const DeviceName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/,
    'the name of a device in lower case, as microphone',
  );

/** The devices that people know; of others a manifest may speak, and nothing comes of it. */
export const KNOWN_DEVICES: readonly string[] = [
  'bluetooth',
  'calendars',
  'camera',
  'contacts',
  'location',
  'microphone',
  'photos',
  'reminders',
  'screen',
  'usb',
];

/** A map of a few entries. */
export function smallRecord<K extends z.ZodType<string, string>, V extends z.ZodType>(
  key: K,
  value: V,
) {
  return z
    .record(key, value)
    .refine((record) => Object.keys(record).length <= 32, 'at most 32 entries');
}
