/** Every right an app can be granted: the sentence a user sees, and how a manifest asks for it. */
export const CAPABILITIES = {
  'llm:generate': {
    sentence: 'Write text with a language model on this computer.',
    declaredBy: 'modalities: ["text-to-text"]',
  },
  'embed:create': {
    sentence: 'Turn text into vectors for search, on this computer.',
    declaredBy: 'modalities: ["text-to-embedding"]',
  },
  'transcribe:run': {
    sentence: 'Turn recordings it supplies into text, on this computer.',
    declaredBy: 'modalities: ["speech-to-text"]',
  },
  'ocr:run': {
    sentence: 'Read the text in images it supplies, on this computer.',
    declaredBy: 'modalities: ["image-to-text"]',
  },
  'store:read': {
    sentence: 'Read its own encrypted data.',
    declaredBy: 'capabilities.fs.app-data: "read"',
  },
  'store:write': {
    sentence: 'Keep and change its own encrypted data.',
    declaredBy: 'capabilities.fs.app-data: "read-write"',
  },
  'store:sql': {
    sentence: 'Run its own SQL on its own encrypted data.',
    declaredBy: 'storage.sql: true',
  },
} as const;

export type BuiltinCapability = keyof typeof CAPABILITIES;
export type Capability = BuiltinCapability | `tools:${string}`;

/** What a caller must hold before a method runs: a bare connection, a session, or capabilities (all of them). */
export type Requirement =
  'connection' | 'session' | Capability | readonly [Capability, Capability, ...Capability[]];

export const GRANT_STATES = ['granted', 'pending', 'denied', 'revoked'] as const;
export type GrantState = (typeof GRANT_STATES)[number];

/** The sentence and the manifest path of a capability, tools included. */
export function describeCapability(capability: Capability): {
  sentence: string;
  declaredBy: string;
} {
  if (isBuiltinCapability(capability)) return CAPABILITIES[capability];
  const tool = capability.slice('tools:'.length);
  return {
    sentence: `Use the tool “${tool}”.`,
    declaredBy: `capabilities.tools: ["${tool}"]`,
  };
}

export function isBuiltinCapability(value: string): value is BuiltinCapability {
  return Object.hasOwn(CAPABILITIES, value);
}

/** True for an id of the table, and for `tools:<id>` of any tool. */
export function isCapability(value: string): value is Capability {
  return isBuiltinCapability(value) || /^tools:[a-z0-9][a-z0-9._-]{0,63}$/.test(value);
}

/** The capabilities a requirement names; none for a bare connection or session. */
export function requiredCapabilities(requires: Requirement): readonly Capability[] {
  if (requires === 'connection' || requires === 'session') return [];
  return typeof requires === 'string' ? [requires] : requires;
}
