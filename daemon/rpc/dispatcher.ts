import {
  type Capability,
  type MethodName,
  methods,
  type MethodSpec,
  parseUnknown,
  type Progress,
  requiredCapabilities,
  RpcError,
} from '@locara/protocol';
import type { z } from 'zod';
import { toCapabilityDenied } from '../access/rights/grants.ts';
import type { Handshake } from '../access/handshake.ts';
import type { Session } from '../access/session.ts';
import type { Handlers } from './handler.ts';
import type { Turns } from '../turns.ts';
import { findProtoKey } from './proto-key.ts';
import { answerWith, type SendChunk } from './run-stream.ts';

/** One call as the connection hands it over. */
export interface DispatchContext {
  readonly handshake: Handshake;
  readonly session: Session | undefined;
  readonly signal: AbortSignal;
  readonly turns: Turns;
  /** Told when the handler is about to run. */
  readonly onBegin: () => void;
  readonly sendChunk: SendChunk;
  readonly sendProgress: (progress: Progress) => void;
  /** Told every capability the call leans on, so that a revocation can reach it, and what was answered. */
  readonly onRequire: (capability: Capability, isHeld: boolean) => void;
}

type AnyHandler = (params: unknown, call: unknown) => unknown;

/** The only path from the wire to a handler: look up, authorise, validate, run, validate. */
export async function dispatch(
  handlers: Handlers,
  request: { readonly method: string; readonly params: unknown },
  context: DispatchContext,
): Promise<unknown> {
  const { method } = request;
  const spec: MethodSpec | undefined = isMethodName(method) ? methods[method] : undefined;
  // Before a session every name but the public ones gets one answer, known or not.
  if (context.session === undefined && !isOpen(method, spec, context.handshake)) {
    throw new RpcError(
      'Unauthenticated',
      'Authenticate first: session.hello, then session.authenticate.',
    );
  }
  if (spec === undefined)
    throw new RpcError('MethodNotFound', 'There is no such method: rpc.discover lists them.');
  requireAll(requiredCapabilities(spec.requires), method, context);
  const { turns } = context;
  const given = request.params === undefined ? {} : request.params;
  const params =
    spec.acceptsParams?.(given) === true ? given : parseParams(spec.params, given, method);
  if (turns.areOver()) {
    await turns.next();
    // What was granted a turn ago may be revoked, and the session over: then the call is aborted.
    context.signal.throwIfAborted();
  }
  const handler = handlers[method as MethodName] as AnyHandler;
  context.onBegin();
  const outcome = handler(params, createCall(method, context));
  return answerWith(spec, outcome, context);
}

/** What a connection without a session may call; enrolling only where the system can recognise code. */
function isOpen(method: string, spec: MethodSpec | undefined, handshake: Handshake): boolean {
  if (spec?.requires !== 'connection') return false;
  return method !== 'session.enroll' || handshake.canEnroll;
}

/** A path names keys of the caller's: it is cut before it makes the error longer than what it is about. */
const MAX_PATH_LENGTH = 200;
const MAX_KEY_LENGTH = 64;
const MAX_ISSUES = 20;

/** Validates params; the error carries paths and rules, never values. */
export function parseParams(schema: z.ZodObject, params: unknown, method: string): unknown {
  const parsed = parseUnknown(schema, params);
  const polluted = findProtoKey(params);
  if (parsed.success && polluted === undefined) return parsed.data;
  const issues = parsed.success
    ? [{ path: polluted, rule: 'unknown key' }]
    : parsed.issues.slice(0, MAX_ISSUES).flatMap(toIssues).slice(0, MAX_ISSUES);
  throw new RpcError('InvalidParams', `Invalid params for ${method}.`, { details: { issues } });
}

function createCall(method: string, context: DispatchContext): unknown {
  const { session, handshake, signal } = context;
  return {
    session,
    handshake,
    signal,
    require: (capability: Capability) => {
      requireAll([capability], method, context);
    },
    progress: context.sendProgress,
  };
}

function isMethodName(method: string): method is MethodName {
  return Object.hasOwn(methods, method);
}

/** A call that lacks one capability uses none of the others. */
function requireAll(
  capabilities: readonly Capability[],
  method: string,
  { session, onRequire }: DispatchContext,
): void {
  const missing = capabilities.find((capability) => session?.has(capability) !== true);
  if (missing !== undefined) {
    onRequire(missing, false);
    throw toCapabilityDenied(missing, method);
  }
  for (const capability of capabilities) onRequire(capability, true);
}

/** Where and by which rule; an unknown key is named, cut short in case it is no name at all. */
function toIssues(issue: z.core.$ZodIssue): { path: string; rule: string }[] {
  const meant = issue.code === 'invalid_union' ? findMeant(issue) : undefined;
  if (meant !== undefined) {
    return meant.flatMap((inner) => toIssues({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, MAX_ISSUES) : [];
  const paths = keys.map((key) => [...issue.path, key.slice(0, MAX_KEY_LENGTH)]);
  return (paths.length === 0 ? [issue.path] : paths).map((path) => ({
    path: path.join('.').slice(0, MAX_PATH_LENGTH),
    rule: describeRule(issue),
  }));
}

/** Of several shapes the only one that is of the value's type: what it lacks says more than that none fits. */
function findMeant({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] | undefined {
  const fitting = errors.filter((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code !== 'invalid_type'),
  );
  if (fitting.length === 1) return fitting[0];
  const named = fitting.filter((issues) =>
    issues.every(({ code }) => code !== 'unrecognized_keys'),
  );
  return named.length === 1 ? named[0] : undefined;
}

/** Zod's own words name keys and limits; the words of a wrong literal could repeat input, so they are replaced. */
function describeRule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'unknown key';
    case 'invalid_union':
      return 'matches none of the accepted shapes';
    case 'invalid_key':
    case 'invalid_element':
      return 'invalid entry';
    case 'invalid_type':
    case 'too_big':
    case 'too_small':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_value':
    case 'custom':
      return issue.message;
  }
}
