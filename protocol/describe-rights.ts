import type { AppManifest } from './app-manifest.ts';
import { listUserPaths } from './rights-lattice.ts';
import {
  type RightWords,
  wordBackground,
  wordBackups,
  wordCapability,
  wordDevice,
  wordHost,
  wordModel,
  wordNotification,
  wordPorts,
  wordQuota,
  wordShared,
  wordUserPath,
  wordUserSelected,
} from './rights-words.ts';
import { rightsOf } from './rights-of.ts';
import type { Rights } from './rights.ts';

/** One thing that a manifest asks for, as a sentence to a user. */
export interface RightSentence {
  /** The manifest path that declares it. */
  readonly path: string;
  readonly sentence: string;
  readonly capability?: string;
  /** Asked for in context, not at install. */
  readonly optional?: true;
}

/** Everything that a manifest asks for, in plain words. */
export function describeRights(manifest: AppManifest): RightSentence[] {
  const rights = rightsOf(manifest);
  return [
    ...rights.capabilities.map(wordCapability),
    ...wordNetwork(rights),
    ...wordFiles(rights),
    ...rights.devices.map(wordDevice),
    ...rights.models.map(wordModel),
    ...wordStorage(rights),
    ...rights.ipc.map(wordShared),
    ...(rights.background === 'none' ? [] : [wordBackground(rights.background)]),
    ...rights.notifications.map(wordNotification),
  ].map((words) => toSentence(words, manifest));
}

function wordNetwork({ hosts, ports }: Rights): RightWords[] {
  return [
    ...hosts.map(wordHost),
    ...(ports === 'all' || ports.length === 0 ? [] : [wordPorts(ports)]),
  ];
}

function wordFiles(rights: Rights): RightWords[] {
  return [
    ...(rights.userSelected === 'none' ? [] : [wordUserSelected(rights.userSelected)]),
    ...listUserPaths(rights).map(wordUserPath),
  ];
}

/** How much it may keep is of interest only when it may keep anything. */
function wordStorage({ capabilities, quotaMb, backups }: Rights): RightWords[] {
  const keepsData = capabilities.some((capability) => capability.startsWith('store:'));
  return [...(keepsData ? [wordQuota(quotaMb)] : []), ...(backups ? [wordBackups()] : [])];
}

function toSentence({ path, verb, capability }: RightWords, manifest: AppManifest): RightSentence {
  const sentence = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}.`;
  if (capability === undefined) return { path, sentence };
  const isOptional = manifest.capabilities.optional.includes(capability);
  return { path, sentence, capability, ...(isOptional ? { optional: true } : {}) };
}
