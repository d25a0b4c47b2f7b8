import type { ServicePlatform } from './service-folders.ts';
import { formatCommand } from './run-plan.ts';
import type { ServicePlan, ServiceStep } from './service-plan.ts';

/** What `--dry-run --json` prints; modes are octal text, as chmod takes them. */
export interface PlanDocument {
  readonly platform: ServicePlatform;
  readonly folders: readonly { readonly path: string; readonly mode: string }[];
  readonly files: readonly {
    readonly path: string;
    readonly mode: string;
    readonly content: string;
  }[];
  readonly removals: readonly string[];
  readonly commands: readonly (readonly string[])[];
}

export function toPlanDocument(plan: ServicePlan): PlanDocument {
  const ofKind = <K extends ServiceStep['kind']>(kind: K): Extract<ServiceStep, { kind: K }>[] =>
    plan.steps.filter((step): step is Extract<ServiceStep, { kind: K }> => step.kind === kind);
  return {
    platform: plan.platform,
    folders: ofKind('makeFolder').map(({ path, mode }) => ({ path, mode: toOctal(mode) })),
    files: ofKind('writeFile').map(({ path, mode, content }) => ({
      path,
      mode: toOctal(mode),
      content,
    })),
    removals: ofKind('removeFile').map(({ path }) => path),
    commands: ofKind('run').map(({ argv }) => argv),
  };
}

/** The plan for people, in the order in which it would run. */
export function toPlanLines(plan: ServicePlan): readonly string[] {
  return plan.steps.flatMap((step) => {
    switch (step.kind) {
      case 'makeFolder':
        return [`make folder ${step.path} (${toOctal(step.mode)})`];
      case 'writeFile':
        return [`write ${step.path} (${toOctal(step.mode)})`, ...indent(step.content)];
      case 'removeFile':
        return [`remove ${step.path}`];
      case 'run':
        return [`run ${formatCommand(step.argv)}${step.mayFail ? '  (may fail)' : ''}`];
    }
  });
}

function toOctal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function indent(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`));
}
