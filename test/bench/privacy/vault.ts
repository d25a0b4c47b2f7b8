import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  CHUNK_BYTES,
  createStreamDecryptor,
  createStreamEncryptor,
  type StreamCipher,
} from '../../../daemon/privacy/vault/stream-cipher.ts';
import { createValueCipher } from '../../../daemon/privacy/vault/value-cipher.ts';
import { derivePassphraseKey, makeSalt } from '../../../daemon/secrets/argon2.ts';
import { type DaemonProcess, startDaemonProcess } from '../../support/daemon-process.ts';
import { installSample } from '../../support/install-sample.ts';
import { authenticate, openWire } from '../../support/raw-client.ts';
import { vaultKeyOf } from '../../support/vault.ts';
import { median, percentile, type Row } from '../measure.ts';

export async function benchVault(): Promise<readonly Row[]> {
  await using daemon = await startDaemonProcess({ fromBuild: true });
  return [
    benchValues(),
    await benchCalls(daemon),
    ...benchStreams(),
    await benchArgon2(64 * 1024, 3, 4),
    await benchArgon2(19 * 1024, 2, 1),
  ];
}

const BATCHES = 41;
const VALUES = 100;

function benchValues(): Row {
  const cipher = createValueCipher(vaultKeyOf());
  const plain = { type: 'string', value: randomBytes(512).toString('hex') } as const;
  const context = { record: 'r', field: 'f' };
  const each = Array.from({ length: BATCHES }, () => {
    const startedAt = performance.now();
    for (let count = 0; count < VALUES; count += 1) {
      cipher.open(cipher.seal(plain, context), context);
    }
    return (performance.now() - startedAt) / VALUES;
  });
  return { name: 'vault: 1 KB there and back', ours: inMs(median(each)), goal: '<= 0.2 ms' };
}

async function benchCalls(daemon: DaemonProcess): Promise<Row> {
  const wire = await openWire(daemon.appSocket);
  await authenticate(wire, await installSample(daemon.controlSocket));
  const { result } = await wire.call('vault.deriveKey', { passphrase: 'bench' });
  const key = result?.['key'];
  const value = { text: randomBytes(512).toString('hex') };
  const each: number[] = [];
  for (let count = 0; count < 500; count += 1) {
    const startedAt = performance.now();
    const sealed = await wire.call('vault.encrypt', { value, key });
    await wire.call('vault.decrypt', { ...sealed.result, key });
    each.push(performance.now() - startedAt);
    // The wire searches all it has received for the answer.
    wire.received.length = 0;
  }
  wire.end();
  return { name: 'vault: 1 KB there and back, two calls', ours: inMs(median(each)) };
}

const STREAM_BYTES = 4 * 1024 * 1024;
const KEY = { key: randomBytes(32), aad: randomBytes(32) };

/** Ours and raw node:crypto over the same chunks take turns; of each the quietest tenth, as collecting garbage falls on whoever comes next. */
function benchStreams(): Row[] {
  const plain = randomBytes(STREAM_BYTES);
  const whole = Buffer.concat(runStream(createStreamEncryptor(KEY), plain, CHUNK_BYTES));
  const sides = {
    encrypt: () => runStream(createStreamEncryptor(KEY), plain, CHUNK_BYTES),
    rawEncrypt: () => encryptRaw(plain),
    decrypt: () => runStream(createStreamDecryptor(KEY), whole, CHUNK_BYTES + 16),
    rawDecrypt: () => decryptRaw(whole),
  };
  const times: Record<string, number[]> = {};
  for (let round = 0; round < 100; round += 1) {
    for (const [name, run] of Object.entries(sides)) {
      const startedAt = performance.now();
      run();
      (times[name] ??= []).push(performance.now() - startedAt);
    }
  }
  const speedOf = (name: string): number =>
    STREAM_BYTES / 1024 / 1024 / (percentile(times[name] ?? [], 10) / 1000);
  const middleOf = (name: string, raw: string): number =>
    median((times[raw] ?? []).map((ms, round) => ms / (times[name]?.[round] ?? NaN)));
  const toRow = (name: string, raw: string): Row => ({
    name: `vault: ${name} 64 KiB chunks`,
    ours: `${speedOf(name).toFixed(0)} MiB/s (${(speedOf(name) / speedOf(raw)).toFixed(2)}x; median of pairs ${middleOf(name, raw).toFixed(2)}x)`,
    peer: `node:crypto ${speedOf(raw).toFixed(0)} MiB/s`,
    goal: '>= 0.8x',
  });
  return [toRow('encrypt', 'rawEncrypt'), toRow('decrypt', 'rawDecrypt')];
}

function runStream(cipher: StreamCipher, bytes: Buffer, pieceBytes: number): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes * 16) {
    out.push(...cipher.push(bytes.subarray(at, at + pieceBytes * 16)));
  }
  return [...out, cipher.finish()];
}

function encryptRaw(plain: Buffer): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < plain.length; at += CHUNK_BYTES) {
    const nonce = nonceOf(at / CHUNK_BYTES);
    const cipher = createCipheriv('aes-256-gcm', KEY.key, nonce).setAAD(KEY.aad);
    out.push(cipher.update(plain.subarray(at, at + CHUNK_BYTES)), cipher.final());
    out.push(cipher.getAuthTag());
  }
  return out;
}

function decryptRaw(sealed: Buffer): Buffer[] {
  const out: Buffer[] = [];
  const size = CHUNK_BYTES + 16;
  for (let at = 0; at < sealed.length; at += size) {
    const chunk = sealed.subarray(at, at + size);
    const nonce = nonceOf(at / size);
    const decipher = createDecipheriv('aes-256-gcm', KEY.key, nonce).setAAD(KEY.aad);
    decipher.setAuthTag(chunk.subarray(-16));
    out.push(decipher.update(chunk.subarray(0, -16)), decipher.final());
  }
  return out;
}

function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 7);
  nonce[11] = number === STREAM_BYTES / CHUNK_BYTES - 1 ? 1 : 0;
  return nonce;
}

async function benchArgon2(memoryKib: number, passes: number, lanes: number): Promise<Row> {
  const cost = { memoryKib, passes, lanes };
  const each: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    const startedAt = performance.now();
    await derivePassphraseKey(Buffer.from('passphrase'), { salt: makeSalt(), cost });
    each.push(performance.now() - startedAt);
  }
  const name = `vault: Argon2id ${memoryKib / 1024} MiB, t ${passes}, p ${lanes}`;
  return { name, ours: `${median(each).toFixed(0)} ms` };
}

function inMs(ms: number): string {
  return `${ms.toFixed(3)} ms`;
}
