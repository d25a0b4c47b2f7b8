import type { Command } from 'commander';
import { plain } from '../output.ts';
import { addAppId } from './app-id.ts';

/** `--shared <collection>` of a command. */
export interface SharedOption {
  readonly shared?: string;
}

/** Adds the argument `<id>`, and `--shared` for what the app keeps together with another. */
export function addKeptStore(command: Command): Command {
  return addAppId(command).option(
    '--shared <collection>',
    'a collection that the app shares, in place of its own data',
  );
}

/** As the control methods take it. */
export function toKeptStore(appId: string, { shared }: SharedOption) {
  return { appId, ...(shared === undefined ? {} : { collection: shared }) };
}

/** In a command that is shown. */
export function nameKeptStore(appId: string, { shared }: SharedOption): string {
  return plain(shared === undefined ? appId : `${appId} --shared ${shared}`);
}
