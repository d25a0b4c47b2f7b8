import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { mergeOutput } from '../../../daemon/sandbox/merge-output.ts';

async function collect(stdout: PassThrough, stderr: PassThrough): Promise<string[]> {
  const seen: string[] = [];
  for await (const piece of mergeOutput(stdout, stderr)) {
    seen.push(
      'stdout' in piece ? `out ${piece.stdout.toString()}` : `err ${piece.stderr.toString()}`,
    );
  }
  return seen;
}

test('both streams come as they are written, and end when both have', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const seen = collect(stdout, stderr);
  stdout.end('a');
  stderr.write('b');
  stderr.end('c');
  expect((await seen).sort()).toEqual(['err b', 'err c', 'out a']);
});

test('a stream that breaks is an end', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const seen = collect(stdout, stderr);
  stdout.destroy(new Error('gone'));
  stderr.end('last');
  expect(await seen).toEqual(['err last']);
});

test('while nobody takes a piece, the writer is held back', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const pieces = mergeOutput(stdout, stderr);
  stdout.write(Buffer.alloc(1024));
  await pieces.next();
  let written = 0;
  while (stdout.write(Buffer.alloc(1024)) && written < 1000) written += 1;
  expect(written).toBeLessThan(1000);
  await pieces.return(undefined);
});

test('a large piece is cut to what fits one message', async () => {
  const [stdout, stderr] = [new PassThrough({ highWaterMark: 1024 * 1024 }), new PassThrough()];
  stdout.end(Buffer.alloc(600 * 1024));
  stderr.end();
  const lengths: number[] = [];
  for await (const piece of mergeOutput(stdout, stderr)) {
    if ('stdout' in piece) lengths.push(piece.stdout.length);
  }
  expect(Math.max(...lengths)).toBeLessThanOrEqual(256 * 1024);
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(600 * 1024);
});
