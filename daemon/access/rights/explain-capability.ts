import {
  type Capability,
  declaredCapabilities,
  describeCapability,
  describeDuration,
  type Explanation,
} from '@locara/protocol';
import type { AppRecord, Decision } from '../apps/app-registry.ts';
import { reachesTier } from './attestation-tier.ts';

export type ExplainedCheck = Explanation['checks'][number];

/** One capability that a method needs of one app. */
export interface CapabilityQuestion {
  readonly record: AppRecord;
  readonly capability: Capability;
  /** Of the cool-down of a pending expansion; 0 when the user may decide. */
  readonly remainingMs: number;
}

/** Declared, approved, granted, attested: what has to hold before the app has the capability. */
export function explainCapability(question: CapabilityQuestion): ExplainedCheck[] {
  const declared = explainDeclared(question);
  // Nobody can decide on what nobody asked for.
  if (!declared.holds) return [declared];
  return [
    declared,
    explainApproved(question),
    explainGranted(question),
    explainAttestation(question),
  ];
}

function explainDeclared({ record, capability }: CapabilityQuestion): ExplainedCheck {
  const { declaredBy } = describeCapability(capability);
  const holds = declaredCapabilities(record.manifest).includes(capability);
  if (holds) return { check: 'declared', holds, sentence: `Its manifest declares ${capability}.` };
  return {
    check: 'declared',
    holds,
    sentence: `Its manifest does not declare ${capability}.`,
    remedy: `Only its author can change that, by an update whose locara.json says ${declaredBy}.`,
  };
}

function explainApproved(question: CapabilityQuestion): ExplainedCheck {
  const { record, capability } = question;
  const holds = record.approved.capabilities.includes(capability);
  return {
    check: 'approved',
    holds,
    ...(holds
      ? { sentence: `${capability} is among what you agreed to.` }
      : {
          sentence: `An update added ${capability}, and you have not agreed to that yet.`,
          remedy: approvalRemedy(question),
        }),
  };
}

function approvalRemedy({ record, capability, remainingMs }: CapabilityQuestion): string {
  const command =
    record.expansion === undefined
      ? `locara app consent ${record.appId} ${capability}`
      : `locara app consent ${record.appId}`;
  return remainingMs > 0
    ? `Wait ${describeDuration(remainingMs)} of running time, then: ${command}`
    : command;
}

function explainGranted(question: CapabilityQuestion): ExplainedCheck {
  const { record, capability } = question;
  const decision = record.grants.find((grant) => grant.capability === capability);
  if (decision?.state === 'granted') {
    const sentence = `You granted ${capability}${describeWhen(decision)}.`;
    return { check: 'granted', holds: true, sentence };
  }
  const isApproved = record.approved.capabilities.includes(capability);
  const remedy = isApproved
    ? `locara app consent ${record.appId} ${capability}`
    : approvalRemedy(question);
  return {
    check: 'granted',
    holds: false,
    sentence: describeRefusal(capability, decision),
    remedy,
  };
}

function describeRefusal(capability: Capability, decision: Decision | undefined): string {
  const when = decision === undefined ? '' : describeWhen(decision);
  if (decision?.state === 'revoked') return `You revoked ${capability}${when}.`;
  if (decision?.state === 'denied') return `You refused ${capability}${when}.`;
  const asked =
    decision?.requestedAt === undefined
      ? ''
      : `; the app asked for it on ${toDay(decision.requestedAt)}`;
  return `${capability} waits for your decision${asked}.`;
}

function describeWhen({ decidedAt, decidedBy }: Decision): string {
  const how = decidedBy === 'install' ? ' when you installed the app' : '';
  return decidedAt === undefined ? how : `${how} on ${toDay(decidedAt)}`;
}

/** `2026-11-21 22:06 UTC` of an ISO 8601 time. */
function toDay(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

function explainAttestation({ record, capability }: CapabilityQuestion): ExplainedCheck {
  const { attestation, appId } = record;
  const holds = reachesTier(attestation, capability);
  if (holds) {
    const sentence = `Its attestation (${attestation}) is good enough for ${capability}.`;
    return { check: 'attestation', holds, sentence };
  }
  return {
    check: 'attestation',
    holds,
    sentence: `Its attestation (${attestation}) is too weak for ${capability}.`,
    remedy: `Start it so that it proves better who it is: locara app run ${appId} -- <command>`,
  };
}
