import type { Finding } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { exportLogs } from '../export-logs.ts';
import { toFailure, type Failure } from '../failure.ts';
import { formatBytes, paint, plain } from '../output.ts';
import { currentPlaces, type Places } from '../places.ts';
import { askServiceStatus } from '../service/control-service.ts';
import { addExample } from './example.ts';

/** What is found is the document; a problem, or a daemon that is not there, makes the command fail. */
class DoctorFailed extends CliError {
  override readonly document: Readonly<Record<string, unknown>>;

  constructor({ reason, message, exitCode }: Failure, findings: readonly Finding[]) {
    super(reason, message, exitCode);
    this.document = { findings };
  }
}

const JSON_HELP = `
With --json: {"findings": [{"id", "level": "ok"|"note"|"warning"|"problem", "title", "detail"?, "fix"?}]}
Exit code 1 when there is a problem, 4 when the daemon is not there; the document then has "error" too.`;

export function registerDoctor(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .description('look at everything the daemon needs, and say what to do where something is wrong')
    .option('--export-logs <file>', "write the daemon's logs into one new file instead")
    .action(async ({ exportLogs: path }: { exportLogs?: string }) => {
      const places = currentPlaces(context.environment);
      if (path === undefined) await examine(context, places);
      else await writeLogs(context, places, path);
    });
  addExample(command, 'locara doctor', 'locara doctor --export-logs locarad-logs.txt');
  command.addHelpText('after', JSON_HELP);
}

async function writeLogs(context: CliContext, places: Places, path: string): Promise<void> {
  const exported = await exportLogs(places.logs, path);
  const { files, bytes } = exported;
  const count = `${files} log ${files === 1 ? 'file' : 'files'}`;
  context.print(exported, `${count}, ${formatBytes(bytes)}, are in ${plain(path)}.`);
}

async function examine(context: CliContext, places: Places): Promise<void> {
  const [daemon, service] = await Promise.all([
    askDaemon(context, places),
    examineService(context),
  ]);
  const findings = [...daemon.findings, service];
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const failure = daemon.failure ?? (problems === 0 ? undefined : countProblems(problems));
  if (failure === undefined || !context.json) {
    context.print(
      { findings },
      findings.flatMap((finding) => render(context, finding)),
    );
  }
  if (failure !== undefined) throw new DoctorFailed(failure, findings);
}

function countProblems(problems: number): Failure {
  const message = problems === 1 ? 'There is one problem.' : `There are ${problems} problems.`;
  return { reason: 'ProblemsFound', message, exitCode: EXIT.failed };
}

/** Without the daemon, what can be said without it. */
async function askDaemon(
  context: CliContext,
  places: Places,
): Promise<{ readonly findings: readonly Finding[]; readonly failure?: Failure }> {
  try {
    return await context.control('doctor.examine', {});
  } catch (error) {
    const failure = toFailure(error);
    if (failure.exitCode !== EXIT.unreachable) throw error;
    return { findings: describeAbsence(places), failure };
  }
}

function describeAbsence(places: Places): Finding[] {
  return [
    {
      id: 'daemon',
      level: 'problem',
      title: 'The daemon does not answer: the rest cannot be looked at.',
      detail: `It would listen at ${places.controlSocket}`,
      fix: 'locara service start',
    },
    { id: 'place:data', level: 'note', title: `Data: ${places.data}` },
    { id: 'place:logs', level: 'note', title: `Logs: ${places.logs}` },
  ];
}

async function examineService(context: CliContext): Promise<Finding> {
  const id = 'service';
  const status = await askServiceStatus(context.environment).catch(() => undefined);
  if (status === undefined) {
    const title = 'Whether the daemon is a service is not known: no service manager answers here.';
    return { id, level: 'note', title };
  }
  if (!status.installed) {
    const title = 'The daemon is not a service: it does not start at login.';
    return { id, level: 'note', title, fix: 'locara service install' };
  }
  return { id, level: 'ok', title: `The daemon is a service of yours: ${status.state}.` };
}

const MARKS = {
  ok: { mark: '✓', style: 'green' },
  note: { mark: '•', style: 'cyan' },
  warning: { mark: '!', style: 'yellow' },
  problem: { mark: '✗', style: 'red' },
} as const;

function render(context: CliContext, { level, title, detail, fix }: Finding): string[] {
  const { mark, style } = MARKS[level];
  return [
    `${paint(context, style, mark)} ${plain(title)}`,
    ...(detail === undefined ? [] : [`  ${plain(detail)}`]),
    ...(fix === undefined ? [] : [`  To do: ${plain(fix)}`]),
  ];
}
