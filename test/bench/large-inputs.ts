import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';
import { percentile, type Row, wait } from './measure.ts';
import { pingDuring } from './pinger-process.ts';

const IMAGE_BYTES = 3_000_000;
const AUDIO_BYTES = 10 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;
const CALLS = 10;

/** What another caller feels while ten large inputs pass through the daemon. */
export async function benchLargeInputs(
  daemon: DaemonProcess,
  credentials: RawCredentials,
): Promise<readonly Row[]> {
  const wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
  const image = prepareImage();
  const pieces = Array.from({ length: AUDIO_BYTES / PIECE_BYTES }, () =>
    Buffer.alloc(PIECE_BYTES, 7).toString('base64'),
  );
  const loads: Record<string, () => Promise<unknown>> = {
    'nothing else': () => wait(500),
    '10 images of 3 MB': () => wire.call('ocr.recognize', { image: { data: image } }),
    '10 blobs of 10 MB': () => uploadBlob(wire, pieces),
  };
  await wire.call('ocr.recognize', { image: { data: image } });
  const rows: Row[] = [];
  for (const [name, load] of Object.entries(loads)) {
    const times = await pingDuring(daemon, () => Promise.all(Array.from({ length: CALLS }, load)));
    rows.push({
      name: `ping beside ${name}`,
      ours: `p50 ${percentile(times, 50).toFixed(1)}, p99 ${percentile(times, 99).toFixed(1)}, max ${Math.max(...times).toFixed(1)} ms`,
    });
  }
  wire.end();
  return rows;
}

/** A small page with megabytes behind its end: all of them travel, few of them are recognised. */
function prepareImage(): string {
  const page = readFileSync(join(import.meta.dirname, '../fixtures/images/excerpt.jpg'));
  return Buffer.concat([page, Buffer.alloc(IMAGE_BYTES - page.length)]).toString('base64');
}

async function uploadBlob(wire: Wire, pieces: readonly string[]): Promise<void> {
  const { result } = await wire.call('blobs.create', {});
  const blob = result?.['blob'];
  const hash = createHash('sha256');
  for (const [index, data] of pieces.entries()) {
    await wire.call('blobs.append', { blob, offset: index * PIECE_BYTES, data });
    hash.update(data, 'base64');
  }
  await wire.call('blobs.commit', { blob, sha256: hash.digest('hex') });
  await wire.call('blobs.delete', { blob });
}
