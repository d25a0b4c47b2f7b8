import {
  type Block,
  type Capability,
  type Explanation,
  type MethodName,
  methods,
  type MethodSpec,
  requiredCapabilities,
} from '@locara/protocol';
import { damagedRemedy } from '../apps/absent-app.ts';
import type { AppRecord } from '../apps/app-registry.ts';
import { effectiveRights } from './effective-rights.ts';
import { explainCapability, type ExplainedCheck } from './explain-capability.ts';
import { explainModel, type FindExplainedModel } from './explain-model.ts';

/** Everything that decides about a call, of one app as it is now. */
export interface ExplainedApp {
  readonly appId: string;
  readonly record: AppRecord | undefined;
  readonly isDamaged: boolean;
  /** False when a file of the installed app was changed by anyone but the daemon. */
  readonly isIntact: boolean;
  readonly block: Block | undefined;
  /** Of the cool-down of a pending expansion; 0 when none runs. */
  readonly remainingMs: number;
  readonly findModel: FindExplainedModel;
}

/** Every check between this app and a call of the method, in the order in which they decide. */
export function explainCall(method: string, app: ExplainedApp): Explanation {
  if (!Object.hasOwn(methods, method)) return toExplanation([], [unknownMethod(method, app)]);
  const spec: MethodSpec = methods[method as MethodName];
  const exists = { check: 'method', holds: true, sentence: `${method} is a method.` };
  if (spec.requires === 'connection') {
    const sentence = 'It needs no session: any connection of your own user may call it.';
    return toExplanation(['connection'], [exists, { check: 'connection', holds: true, sentence }]);
  }
  const required = requiredCapabilities(spec.requires);
  const requires = required.length === 0 ? ['session'] : [...required];
  const { record } = app;
  const ofApp = explainApp(app);
  if (record === undefined) return toExplanation(requires, [exists, ...ofApp]);
  const ofSession =
    required.length > 0
      ? []
      : [{ check: 'session', holds: true, sentence: 'It needs no capability, only a session.' }];
  return toExplanation(requires, [
    exists,
    ...ofApp,
    ...ofSession,
    ...required.flatMap((capability) => explainNeed(capability, record, app)),
    ...(spec.mayRequire ?? [])
      .flatMap((capability) => explainNeed(capability, record, app))
      .map((check) => ({ ...check, onlySome: true })),
  ]);
}

function toExplanation(requires: string[], checks: ExplainedCheck[]): Explanation {
  const allowed = checks.every(({ holds, onlySome }) => holds || onlySome === true);
  return { allowed, requires, checks };
}

function unknownMethod(method: string, { appId }: ExplainedApp): ExplainedCheck {
  return {
    check: 'method',
    holds: false,
    sentence: `There is no method “${method}”.`,
    remedy: `This lists all of them: locara call rpc.discover --app ${appId}`,
  };
}

/** Whether the app can have a session at all. */
function explainApp(app: ExplainedApp): ExplainedCheck[] {
  const { appId, record } = app;
  if (record === undefined) return [explainAbsence(app)];
  return [
    {
      check: 'installed',
      holds: true,
      sentence: `${appId} ${record.manifest.version} is installed.`,
    },
    app.isIntact
      ? { check: 'intact', holds: true, sentence: 'Its files are as they were installed.' }
      : {
          check: 'intact',
          holds: false,
          sentence: 'A file of it was changed since it was installed.',
          remedy: 'Install it again: locara app install <package>',
        },
    record.revoked
      ? {
          check: 'revoked',
          holds: false,
          sentence: 'You revoked it as a whole.',
          remedy: 'Install it again to allow it: locara app install <package>',
        }
      : { check: 'revoked', holds: true, sentence: 'You have not revoked it as a whole.' },
    explainBlock(app),
  ];
}

function explainAbsence({ appId, isDamaged }: ExplainedApp): ExplainedCheck {
  return isDamaged
    ? {
        check: 'installed',
        holds: false,
        sentence: 'Its record on disk is damaged, so that it is disabled.',
        remedy: `You may ${damagedRemedy(appId)}.`,
      }
    : {
        check: 'installed',
        holds: false,
        sentence: `${appId} is not installed.`,
        remedy: 'This names the apps that are: locara app list',
      };
}

function explainBlock({ block }: ExplainedApp): ExplainedCheck {
  if (block === undefined) {
    return { check: 'blocked', holds: true, sentence: 'No revocation list blocks it.' };
  }
  const advisory = block.advisory === undefined ? '' : ` Read ${block.advisory} first.`;
  return {
    check: 'blocked',
    holds: false,
    sentence: `Revocation list ${block.seq} blocks it: ${block.reason}`,
    remedy: `Install a version that the list does not name.${advisory}`,
  };
}

/** The capability, and the model that it works with. */
function explainNeed(
  capability: Capability,
  record: AppRecord,
  { block, remainingMs, findModel }: ExplainedApp,
): ExplainedCheck[] {
  const { manifest } = effectiveRights({ record, attestation: record.attestation, block });
  return [
    ...explainCapability({ record, capability, remainingMs }),
    ...explainModel(capability, manifest, findModel),
  ];
}
