import { expect, test } from 'vitest';
import { renderLaunchAgent } from '../../../../clients/cli/service/render-launch-agent.ts';
import { parsePlist } from '../../../support/parse-plist.ts';
import { TEMPLATES, sampleService } from './sample.ts';

test('renders the agreed property list', async () => {
  await expect(renderLaunchAgent(TEMPLATES.darwin, sampleService('darwin'))).toMatchFileSnapshot(
    '../../../fixtures/service/agent.plist',
  );
});

test('is a well-formed property list that says what launchd must do', () => {
  const agent = parsePlist(renderLaunchAgent(TEMPLATES.darwin, sampleService('darwin')));
  expect(agent).toMatchObject({
    Label: 'app.locara.locarad',
    ProgramArguments: [
      '/opt/locara/node',
      '--enable-source-maps',
      '/opt/locara/daemon/dist/main.js',
    ],
    EnvironmentVariables: { LOCARA_HOME: '/opt/locara/home' },
    KeepAlive: { SuccessfulExit: false },
    ProcessType: 'Interactive',
    Umask: 63,
    StandardErrorPath: '/opt/locara/home/logs/locarad.stdio.log',
  });
});

test('carries paths with markup, quotes, spaces and percent signs unchanged', () => {
  const root = `/Users/a & b/<x> "y" 'z' 100% $HOME \\ ä`;
  const agent = parsePlist(renderLaunchAgent(TEMPLATES.darwin, sampleService('darwin', root)));
  expect(agent).toMatchObject({
    ProgramArguments: [`${root}/node`, '--enable-source-maps', `${root}/daemon/dist/main.js`],
    EnvironmentVariables: { LOCARA_HOME: `${root}/home` },
  });
});

test('stays well-formed without any environment variable', () => {
  const service = { ...sampleService('darwin'), environment: [] };
  const agent = parsePlist(renderLaunchAgent(TEMPLATES.darwin, service));
  expect(agent).toMatchObject({ EnvironmentVariables: {} });
});

test('refuses a path with a line break', () => {
  expect(() => renderLaunchAgent(TEMPLATES.darwin, sampleService('darwin', '/a\nb'))).toThrow(
    'line break',
  );
});

test('the check itself sees an unescaped ampersand', () => {
  const agent = renderLaunchAgent(TEMPLATES.darwin, sampleService('darwin', '/a & b'));
  expect(() => parsePlist(agent.replaceAll('&amp;', '&'))).toThrow('a bare ampersand');
});
