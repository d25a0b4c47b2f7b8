/** Of a list of fields; undefined is another field than an empty one. */
export type Field = string | Uint8Array | undefined;

const ABSENT = 0xffffffff;

/**
 * Fields as bytes that no other list of fields has: each behind its length as unsigned 32-bit big-endian, an
 * absent one as the largest of these lengths alone.
 */
export function encodeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field === undefined ? ABSENT : Buffer.byteLength(field));
      if (field === undefined) return [length];
      return [length, typeof field === 'string' ? Buffer.from(field) : field];
    }),
  );
}

/** The fields again; undefined for bytes that are no list of fields. */
export function decodeFields(bytes: Buffer): (Buffer | undefined)[] | undefined {
  const fields: (Buffer | undefined)[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readUInt32BE(at);
    at += 4;
    if (length === ABSENT) {
      fields.push(undefined);
      continue;
    }
    if (at + length > bytes.length) return undefined;
    fields.push(bytes.subarray(at, at + length));
    at += length;
  }
  return fields;
}
