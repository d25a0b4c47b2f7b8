import { json } from 'node:stream/consumers';
import { RpcError } from '@locara/protocol';
import { answerVerification } from './access/trust/answer-verification.ts';

// The program behind `locara trust verify-bundle`: one request as JSON on stdin, one answer on stdout.
try {
  const answer = await answerVerification(await json(process.stdin));
  process.stdout.write(`${JSON.stringify({ ok: true, ...answer })}\n`);
} catch (error) {
  const { reason, message, details } =
    error instanceof RpcError ? error : new RpcError('InternalError', 'The check failed.');
  process.stdout.write(`${JSON.stringify({ error: { reason, message, details } })}\n`);
  process.exitCode = 1;
}
