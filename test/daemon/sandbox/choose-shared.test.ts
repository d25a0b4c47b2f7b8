import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseShared, type CommandRequest } from '../../../daemon/sandbox/choose-shared.ts';
import { createTemporaryFolder, ruleOf } from '../../support/signed-package.ts';

/** A user's home with a project, Locara's data, and a system of its own. */
function createWorld() {
  const root = realpathSync(createTemporaryFolder());
  const at = (...names: string[]) => join(root, ...names);
  for (const folder of ['system/bin', 'home/project', 'home/tools', 'home/locara/apps']) {
    mkdirSync(at(folder), { recursive: true });
  }
  for (const program of ['system/bin/tool', 'home/tools/tool', 'home/project/run']) {
    writeFileSync(at(program), '');
    chmodSync(at(program), 0o755);
  }
  writeFileSync(at('home/notes.txt'), '');
  writeFileSync(at('home/locara/apps/key'), '');
  const choose = (request: CommandRequest) =>
    chooseShared(request, {
      system: [{ path: at('system') }],
      locaraFolders: [at('home/locara'), at('home/absent')],
      userHome: at('home'),
    });
  return { at, choose };
}

test('a program of the system needs nothing, and starts in the home of the app', async () => {
  const { at, choose } = createWorld();
  expect(await choose({ command: ['tool', 'a', '-x'], searchPath: at('system/bin') })).toEqual({
    hidden: [],
    shared: [],
    workingFolder: '/locara/home',
    program: at('system/bin/tool'),
    arguments: ['a', '-x'],
    sharedFolder: undefined,
  });
});

test('a program elsewhere is shown alone, not its folder', async () => {
  const { at, choose } = createWorld();
  const program = at('home/tools/tool');
  const choice = await choose({ command: ['tool'], searchPath: `relative:${at('home/tools')}` });
  expect(choice).toMatchObject({ program, shared: [{ source: program, target: program }] });
});

test('a link to a program is followed: its real file is what is shown', async () => {
  const { at, choose } = createWorld();
  symlinkSync(at('home/tools/tool'), at('home/link'));
  const program = at('home/tools/tool');
  const choice = await choose({ command: [at('home/link')] });
  expect(choice).toMatchObject({ program, shared: [{ source: program, target: program }] });
});

test('the current folder is shared and stays current, unless it is too wide', async () => {
  const { at, choose } = createWorld();
  const folder = at('home/project');
  const narrow = await choose({ command: ['./run'], currentFolder: folder });
  expect(narrow).toMatchObject({ sharedFolder: folder, workingFolder: folder });
  expect(narrow.shared).toEqual([{ source: folder, target: folder }]);
  for (const wide of [at('home'), at(), at('home/locara'), '/', '/tmp', '/run/user', '/nowhere']) {
    const command = [at('system/bin/tool')];
    expect((await choose({ command, currentFolder: wide })).sharedFolder).toBeUndefined();
  }
});

test('a program folder that is too wide is refused by name', async () => {
  const { at, choose } = createWorld();
  symlinkSync(at('home'), at('home/project/link'));
  const command = [at('system/bin/tool')];
  for (const programFolder of [at('home'), at('home/project/link'), at('home/locara/apps'), '/']) {
    expect(await ruleOf(() => choose({ command, programFolder }))).toBe(
      'InvalidParams program_folder',
    );
  }
});

test('a file that the command names is shown, also under the name it was given', async () => {
  const { at, choose } = createWorld();
  const file = at('home/notes.txt');
  symlinkSync(file, at('alias'));
  const choice = await choose({
    command: [at('system/bin/tool'), file, at('alias'), at('absent'), '/proc/self/environ'],
  });
  expect(choice.shared).toEqual([
    { source: file, target: file },
    { source: file, target: file },
    { source: file, target: at('alias') },
  ]);
});

test('attack 33: no name and no link opens a file of Locara', async () => {
  const { at, choose } = createWorld();
  const key = at('home/locara/apps/key');
  symlinkSync(key, at('innocent'));
  for (const name of [key, at('innocent'), `${at('home/project')}/../locara/apps/key`]) {
    const command = [at('system/bin/tool'), name];
    expect(await ruleOf(() => choose({ command }))).toBe('InvalidParams protected_path');
  }
});

test('a home below the system stays hidden, and what is named of it is shown', async () => {
  const { at } = createWorld();
  const choice = await chooseShared(
    { command: [at('home/tools/tool')] },
    { system: [{ path: at() }], locaraFolders: [at('home/locara')], userHome: at('home') },
  );
  expect(choice.hidden).toEqual([at('home')]);
  expect(choice.shared).toEqual([{ source: at('home/tools/tool'), target: at('home/tools/tool') }]);
});

test('what is no program, or is not found, is refused', async () => {
  const { at, choose } = createWorld();
  for (const name of ['', 'tool', './run', at('home/notes.txt'), at('home')]) {
    expect(await ruleOf(() => choose({ command: [name] }))).toBe('InvalidParams command_not_found');
  }
});

test('a shim of a version manager is refused by its name, not by what it prints inside', async () => {
  const { at, choose } = createWorld();
  mkdirSync(at('home/shims'));
  writeFileSync(at('home/shims/tool'), '#!/bin/sh\n');
  chmodSync(at('home/shims/tool'), 0o755);
  const searchPath = `${at('home/shims')}:${at('system/bin')}`;
  expect(await ruleOf(() => choose({ command: ['tool'], searchPath }))).toBe(
    'InvalidParams version_manager_shim',
  );
});
