export { methods } from './methods/index.ts';
export { controlMethods } from './control/index.ts';
export type { ControlMethodSpec } from './control/method.ts';
export {
  AppGrant,
  Badge,
  BADGES,
  Block,
  ConsentSummary,
  Explanation,
  InstalledApp,
  PendingExpansion,
  Provenance,
  Signer,
} from './control/app.ts';
export {
  APP_SIGNALS,
  type AppSignal,
  MAX_INPUT_BYTES,
  PASSED_VARIABLES,
} from './control/app-run.ts';
export { EXPORT_FORMATS, Sharing, StoreFill, StoreView } from './control/store-view.ts';
export type { ExportFormat } from './control/store-view.ts';
export { TRUST_SCOPES, TrustedIdentity, TrustedKey } from './control/trust.ts';
export { Finding, FINDING_LEVELS } from './control/doctor.ts';
export { KEY_PROTECTIONS, KeysState, MIN_PASSPHRASE_CHARS } from './control/keys.ts';
export { StoreCheck } from './control/store.ts';
export { RevocationState } from './control/revocation.ts';
export {
  checkRevocationList,
  REVOCATION_LIST_LIMITS,
  REVOCATION_LIST_SCHEMA,
  RevocationList,
} from './revocation-list.ts';
export type {
  RevocationEntry,
  RevocationListCheck,
  RevocationListFinding,
} from './revocation-list.ts';
export { describeTrust } from './trust-warning.ts';
export type { TrustSubject } from './trust-warning.ts';
export { AuditEntry } from './control/audit.ts';
export { CapabilityLogEntry, PrivacyEffectEntry } from './methods/audit.ts';
export { describeDuration } from './describe-duration.ts';
export { canonicalJson } from './canonical-json.ts';
export { Rights } from './rights.ts';
export { rightsOf } from './rights-of.ts';
export { isSharingName, nameSharing } from './shared-collection.ts';
export type { SharedCollection, SharingName } from './shared-collection.ts';
export { coversHost } from './host-pattern.ts';
export { coversUserPath } from './user-path.ts';
export { meetRights, normalizeRights } from './rights-lattice.ts';
export { narrowManifest } from './narrow-manifest.ts';
export { RightsChange, RightsDiff } from './rights-change.ts';
export { diffRights, isExpansion } from './rights-diff.ts';
export { ERRORS, isErrorReason, RpcError } from './errors.ts';
export type { ErrorReason, RpcErrorOptions, WireError } from './errors.ts';
export {
  CAPABILITIES,
  describeCapability,
  GRANT_STATES,
  isBuiltinCapability,
  isCapability,
  requiredCapabilities,
} from './capabilities.ts';
export type { BuiltinCapability, Capability, GrantState, Requirement } from './capabilities.ts';
export {
  appIdOf,
  AppManifest,
  type InferenceLimits,
  BUNDLE_FILE,
  declaredCapabilities,
  isAppId,
  MANIFEST_FILE,
  MODALITIES,
  MODALITY_CAPABILITY,
  parseModelPin,
} from './app-manifest.ts';
export type { Modality } from './app-manifest.ts';
export { checkManifest } from './check-manifest.ts';
export type { ManifestCheck } from './check-manifest.ts';
export type { ManifestFinding } from './manifest-findings.ts';
export type { TaskOfModel } from './manifest-warnings.ts';
export { parseStrictJson, renderPath, STRICT_JSON_LIMITS, StrictJsonError } from './strict-json.ts';
export type { StrictJsonRule } from './strict-json.ts';
export { describeRights } from './describe-rights.ts';
export type { RightSentence } from './describe-rights.ts';
export { privacyLabel } from './privacy-label.ts';
export type { LabelSubject } from './privacy-label.ts';
export { isBundleId, isTeamId, readMacCode } from './code-identity.ts';
export type { DeclaredCode, MacCodeIdentity } from './code-identity.ts';
export { Catalog, CatalogEntry, CatalogFile } from './catalog.ts';
export { handshakeTranscript } from './handshake.ts';
export type { HandshakeFields } from './handshake.ts';
export { NOTICES, PROGRESS_STAGES } from './jsonrpc.ts';
export type {
  Progress,
  ProgressStage,
  RequestId,
  RpcNotification,
  RpcRequest,
  RpcResponse,
} from './jsonrpc.ts';
export { LIMITS, PROTOCOL_VERSION } from './limits.ts';
export type { MethodSpec } from './method.ts';
export { ATTESTATIONS, Attestation, Grant } from './methods/session.ts';
export { Model } from './methods/models.ts';
export { Completion, Message } from './methods/llm.ts';
export { Segment } from './methods/transcribe.ts';
export { Page, Region } from './methods/ocr.ts';
export { Filter, NewRecord } from './methods/collection-shapes.ts';
export {
  ChatPipeline,
  Pipeline,
  PipelineEffect,
  UpsertPipeline,
} from './methods/pipeline-shapes.ts';
export { BudgetState } from './methods/privacy-budget.ts';
export { FOUND_ENTITIES } from './methods/found-entities.ts';
export {
  BudgetLeft,
  Cost as PrivacyCost,
  DEFAULT_DELTA,
  DEFAULT_REPLACEMENT,
  Entity,
  LEAST_DELTA,
  NoiseEffect,
  Replacement,
} from './methods/privacy-shapes.ts';
export type { vaultMethods } from './methods/vault.ts';
export type { vaultStreamMethods } from './methods/vault-streams.ts';
export { PrivacyView } from './control/privacy.ts';
export { KeyMetadata } from './methods/vault-keystore.ts';
export type { vaultKeystoreMethods } from './methods/vault-keystore.ts';
export {
  ARGON2_FIELDS,
  ARGON2_LIMITS,
  Argon2Parameters,
  Envelope,
  EnvelopeV1,
  EnvelopeV2,
  PBKDF2_LIMITS,
  VaultContext,
  VaultValue,
} from './methods/vault-shapes.ts';
export { Base64, Digest, isBase64, MediaInput, SqlParams, SqlValue, Vector } from './values.ts';
export { parseJson } from './parse-json.ts';
export { kindOf, PATTERN_ENTITIES, patternOf } from './pattern-names.ts';
export { parseUnknown } from './parse-unknown.ts';
export { renderOpenRpc } from './openrpc.ts';
export { renderReference } from './reference.ts';
export type {
  Chunk,
  ControlChunk,
  ControlMethodName,
  ControlMethodOf,
  ControlMethods,
  ControlNamespace,
  ControlParams,
  ControlParamsInput,
  ControlResult,
  ControlStreamingMethodName,
  MethodName,
  MethodOf,
  Methods,
  Namespace,
  Params,
  ParamsInput,
  Result,
  StreamingMethodName,
} from './types.ts';
export type { privacyNoiseMethods } from './methods/privacy-noise.ts';
