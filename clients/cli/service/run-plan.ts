import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../context.ts';
import {
  RETRY_DELAY_MS,
  type RunStep,
  type ServicePlan,
  type ServiceStep,
} from './service-plan.ts';

const COMMAND_TIMEOUT_MS = 90_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

export interface CommandOutcome {
  /** Undefined when the program is missing or did not end in time. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one program without a shell. A failing program is an outcome, not an exception. */
export function runCommand(argv: RunStep['argv']): Promise<CommandOutcome> {
  const [program, ...rest] = argv;
  const options = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve) => {
    execFile(program, rest, options, (failure, stdout, stderr) => {
      const code = failure === null ? 0 : failure.code;
      const exitCode = typeof code === 'number' ? code : undefined;
      resolve({ exitCode, stdout, stderr: stderr === '' ? (failure?.message ?? '') : stderr });
    });
  });
}

/**
 * Carries a plan out, step by step. Steps are idempotent, so a plan that failed half-way is
 * simply run again. Throws CliError `CommandFailed` with the exact command that failed.
 */
export async function runPlan(plan: ServicePlan): Promise<void> {
  for (const step of plan.steps) await runStep(step);
}

async function runStep(step: ServiceStep): Promise<void> {
  switch (step.kind) {
    case 'makeFolder':
      await mkdir(step.path, { recursive: true, mode: step.mode });
      return;
    case 'writeFile':
      await replaceFile(step.path, step.content, step.mode);
      return;
    case 'removeFile':
      await rm(step.path, { force: true });
      return;
    case 'run':
      await runUntilDone(step);
  }
}

/** Whole or not at all: a service manager never reads half a definition. */
async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${randomUUID()}.new`;
  try {
    await writeFile(draft, content, { mode, flag: 'wx' });
    await chmod(draft, mode);
    await rename(draft, path);
  } catch (failure) {
    await rm(draft, { force: true });
    throw failure;
  }
}

async function runUntilDone(step: RunStep): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await runCommand(step.argv);
    if (outcome.exitCode === 0 || step.mayFail) return;
    if (attempt === step.attempts) throw toCommandFailure(step.argv, outcome);
    await delay(RETRY_DELAY_MS);
  }
}

function toCommandFailure(argv: RunStep['argv'], outcome: CommandOutcome): CliError {
  const ending =
    outcome.exitCode === undefined ? 'did not run to its end' : `ended with ${outcome.exitCode}`;
  const reason = outcome.stderr.trim().split('\n')[0] ?? '';
  return new CliError('CommandFailed', `\`${formatCommand(argv)}\` ${ending}: ${reason}`);
}

/** A command as a person would type it. */
export function formatCommand(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
