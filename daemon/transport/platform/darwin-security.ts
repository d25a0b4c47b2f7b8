import koffi, { type LibraryHandle } from 'koffi';

/** A Core Foundation reference; 0 is none. */
export type Pointer = number | bigint;

/** A call of Security.framework that failed, by its OSStatus. */
export class SecurityError extends Error {
  readonly status: number;
  constructor(call: string, status: number) {
    super(`${call} failed with status ${status}`);
    this.status = status;
  }
}

/** The few calls that code identity takes. References that the caller must release are added to `owned`. */
export interface Security {
  codeOf(auditToken: Uint8Array, owned: Pointer[]): Pointer;
  compileRequirement(text: string, owned: Pointer[]): Pointer;
  /** 0 when the code satisfies the rule, else an OSStatus. */
  checkValidity(code: Pointer, against: { readonly flags: number; readonly rule: Pointer }): number;
  readSigning(
    code: Pointer,
    owned: Pointer[],
  ): { readonly statusBits: number; readonly codeDirectoryHash: string };
  release(pointer: Pointer): void;
}

const FRAMEWORKS = '/System/Library/Frameworks';
const UTF8 = 0x0800_0100;
const NUMBER_SINT64 = 4;
/** kSecCSSigningInformation | kSecCSDynamicInformation */
const SIGNING_AND_DYNAMIC = (1 << 1) | (1 << 3);

type NativeCall<R = Pointer> = (...args: readonly unknown[]) => R;

export function bindSecurity(): Security {
  const foundation = bindFoundation();
  const library = koffi.load(`${FRAMEWORKS}/Security.framework/Security`);
  const copyGuest = library.func(
    'int SecCodeCopyGuestWithAttributes(uintptr_t, uintptr_t, uint32_t, uint64_t *)',
  ) as NativeCall<number>;
  const createRequirement = library.func(
    'int SecRequirementCreateWithString(uintptr_t, uint32_t, uint64_t *)',
  ) as NativeCall<number>;
  const checkValidity = library.func(
    'int SecCodeCheckValidity(uintptr_t, uint32_t, uintptr_t)',
  ) as NativeCall<number>;
  const copySigning = library.func(
    'int SecCodeCopySigningInformation(uintptr_t, uint32_t, uint64_t *)',
  ) as NativeCall<number>;

  /** Calls something that returns a status and a reference to keep. */
  const copy = (name: string, owned: Pointer[], call: (out: BigUint64Array) => number): Pointer => {
    const out = new BigUint64Array(1);
    const status = call(out);
    const [pointer = 0n] = out;
    if (status !== 0 || pointer === 0n) throw new SecurityError(name, status);
    owned.push(pointer);
    return pointer;
  };
  return {
    codeOf(auditToken, owned) {
      const token = foundation.createBytes(auditToken, owned);
      const key = readConstant(library, 'kSecGuestAttributeAudit');
      const attributes = foundation.createDictionary(key, token, owned);
      return copy('SecCodeCopyGuestWithAttributes', owned, (out) =>
        copyGuest(0, attributes, 0, out),
      );
    },
    compileRequirement(text, owned) {
      const string = foundation.createString(text, owned);
      return copy('SecRequirementCreateWithString', owned, (out) =>
        createRequirement(string, 0, out),
      );
    },
    checkValidity: (code, { flags, rule }) => checkValidity(code, flags, rule),
    readSigning(code, owned) {
      const signing = copy('SecCodeCopySigningInformation', owned, (out) =>
        copySigning(code, SIGNING_AND_DYNAMIC, out),
      );
      const valueOf = (name: string): Pointer =>
        foundation.valueOf(signing, readConstant(library, name));
      return {
        statusBits: foundation.readNumber(valueOf('kSecCodeInfoStatus')),
        codeDirectoryHash: foundation.readBytes(valueOf('kSecCodeInfoUnique')).toString('hex'),
      };
    },
    release: foundation.release,
  };
}

interface Foundation {
  createBytes(bytes: Uint8Array, owned: Pointer[]): Pointer;
  createString(text: string, owned: Pointer[]): Pointer;
  createDictionary(key: Pointer, value: Pointer, owned: Pointer[]): Pointer;
  /** A borrowed reference. */
  valueOf(dictionary: Pointer, key: Pointer): Pointer;
  readNumber(number: Pointer): number;
  readBytes(bytes: Pointer): Buffer;
  readonly release: (pointer: Pointer) => void;
}

function bindFoundation(): Foundation {
  const library = koffi.load(`${FRAMEWORKS}/CoreFoundation.framework/CoreFoundation`);
  const bind = (definition: string): NativeCall => library.func(definition) as NativeCall;
  const createData = bind('uintptr_t CFDataCreate(uintptr_t, const uint8_t *, long)');
  const createString = bind('uintptr_t CFStringCreateWithCString(uintptr_t, str, uint32_t)');
  const createDictionary = bind(
    'uintptr_t CFDictionaryCreate(uintptr_t, const uint64_t *, const uint64_t *, long, uintptr_t, uintptr_t)',
  );
  const getValue = bind('uintptr_t CFDictionaryGetValue(uintptr_t, uintptr_t)');
  const getNumber = bind('bool CFNumberGetValue(uintptr_t, long, int64_t *)');
  const getLength = bind('long CFDataGetLength(uintptr_t)');
  const getBytes = bind('void CFDataGetBytes(uintptr_t, long, long, uint8_t *)');
  const release = bind('void CFRelease(uintptr_t)');

  const keep = (call: string, pointer: Pointer, owned: Pointer[]): Pointer => {
    if (isNull(pointer)) throw new SecurityError(call, 0);
    owned.push(pointer);
    return pointer;
  };
  return {
    createBytes: (bytes, owned) => keep('CFDataCreate', createData(0, bytes, bytes.length), owned),
    createString: (text, owned) =>
      keep('CFStringCreateWithCString', createString(0, text, UTF8), owned),
    createDictionary: (key, value, owned) => {
      const keys = BigUint64Array.of(BigInt(key));
      const values = BigUint64Array.of(BigInt(value));
      const onKeys = library.symbol('kCFTypeDictionaryKeyCallBacks') as Pointer;
      const onValues = library.symbol('kCFTypeDictionaryValueCallBacks') as Pointer;
      const made = createDictionary(0, keys, values, 1, onKeys, onValues);
      return keep('CFDictionaryCreate', made, owned);
    },
    valueOf: (dictionary, key) => {
      const value = getValue(dictionary, key);
      if (isNull(value)) throw new SecurityError('CFDictionaryGetValue', 0);
      return value;
    },
    readNumber: (number) => {
      const value = new BigInt64Array(1);
      getNumber(number, NUMBER_SINT64, value);
      return Number(BigInt.asUintN(32, value[0] ?? 0n));
    },
    readBytes: (bytes) => {
      const length = Number(getLength(bytes));
      const copy = Buffer.alloc(length);
      // A CFRange is two longs, passed like two arguments.
      getBytes(bytes, 0, length, copy);
      return copy;
    },
    release: (pointer) => {
      release(pointer);
    },
  };
}

function isNull(pointer: Pointer): boolean {
  return BigInt(pointer) === 0n;
}

/** The CFStringRef behind an exported constant, whose text is Apple's to change. */
function readConstant(library: LibraryHandle, name: string): Pointer {
  return koffi.decode(library.symbol(name), 'uintptr_t') as Pointer;
}
