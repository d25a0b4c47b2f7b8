import type { AuditEntry } from '@locara/protocol';
import type { ExportedLines, Verdict } from './audit.ts';
import { parseEntry, toAuditEntry } from './chain.ts';
import type { ChainFile, ChainPlace } from './chain-file.ts';
import { readCheckpointFile, signCheckpoint } from './checkpoint.ts';
import { readSegment, scanChain, type SignedSegment } from './scan-chain.ts';

/** What one answer may carry of the log's lines, well within a message. */
const MAX_EXPORT_BYTES = 1024 * 1024;

/** Entries below `before`, newest first. */
export async function readNewest(
  { state }: ChainFile,
  wanted: {
    readonly appId?: string | undefined;
    readonly limit: number;
    readonly before?: number | undefined;
  },
): Promise<AuditEntry[]> {
  const { appId, limit, before = Infinity } = wanted;
  const found: AuditEntry[] = [];
  for (const segment of state.segments.toReversed()) {
    if (segment.first >= before) continue;
    for (const line of (await readLines(segment)).toReversed()) {
      const entry = parseEntry(line);
      if (entry === undefined || entry.n >= before) continue;
      if (appId !== undefined && entry.appId !== appId) continue;
      found.push(toAuditEntry(entry));
      if (found.length === limit) return found;
    }
  }
  return found;
}

/** Lines above entry `after`, oldest first, and the checkpoint that they lead to. */
export async function exportLines(
  { state }: ChainFile,
  { checkpoint }: ChainPlace,
  wanted: { readonly after: number; readonly limit: number },
): Promise<ExportedLines> {
  const { end, anchor, segments } = state;
  const after = Math.max(wanted.after, anchor.n);
  const signed = signCheckpoint(
    { ...end, at: new Date().toISOString(), anchor },
    checkpoint.privateKey,
  );
  const lines: string[] = [];
  let bytes = 0;
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && next.first <= after + 1) continue;
    const rest = (await readLines(segment)).slice(Math.max(0, after + 1 - segment.first));
    for (const line of rest) {
      bytes += Buffer.byteLength(line);
      const isFull =
        lines.length === wanted.limit || (bytes > MAX_EXPORT_BYTES && lines.length > 0);
      if (isFull) return { lines, checkpoint: signed, next: after + lines.length };
      lines.push(line);
    }
  }
  return { lines, checkpoint: signed };
}

/** Holds the files against the checkpoint, and both against what this process wrote last. */
export async function verifyLog({ state }: ChainFile, place: ChainPlace): Promise<Verdict> {
  const { end } = state;
  const checkpoint = await readCheckpointFile(place.checkpoint);
  if (typeof checkpoint === 'string') {
    return {
      ok: false,
      entries: 0,
      problem: `The checkpoint of the log is ${checkpoint}.`,
      at: end.n,
    };
  }
  let damaged: number | undefined;
  const scan = await scanChain(place.folder, checkpoint, ({ event, n }) => {
    if (event === 'log.damaged') damaged ??= n;
  });
  const entries = scan.end.n - checkpoint.anchor.n;
  const fail = (problem: string, at: number): Verdict => ({ ok: false, entries, problem, at });
  if (scan.problem !== undefined) return fail(scan.problem.sentence, scan.problem.at);
  if (scan.unsigned.bytes > 0) {
    return fail('There are lines that the daemon did not sign.', scan.end.n + 1);
  }
  if (scan.end.hash !== end.hash)
    return fail('An earlier state of the log was put back.', scan.end.n + 1);
  if (damaged === undefined) return { ok: true, entries };
  return fail('An earlier log did not hold and was set aside: this entry tells why.', damaged);
}

async function readLines({ path, bytes }: SignedSegment): Promise<string[]> {
  const content = (await readSegment(path))?.subarray(0, bytes) ?? new Uint8Array();
  const lines = Buffer.from(content).toString('utf8').split('\n');
  lines.pop();
  return lines;
}
