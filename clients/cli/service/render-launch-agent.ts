import type { ServiceDescription } from './describe-service.ts';
import { escapeXml } from './escape.ts';
import { renderTemplate } from './render-template.ts';

/** The property list of a macOS LaunchAgent, from `launchd/agent.plist.template`. */
export function renderLaunchAgent(template: string, service: ServiceDescription): string {
  const argumentLines = [service.program, ...service.arguments].map(
    (argument) => `\t\t<string>${escapeXml(argument)}</string>`,
  );
  const environmentLines = service.environment.map(
    ([name, value]) =>
      `\t\t<key>${escapeXml(name)}</key>\n\t\t<string>${escapeXml(value)}</string>`,
  );
  return renderTemplate(template, {
    label: escapeXml(service.label),
    programArguments: argumentLines.join('\n'),
    environment: environmentLines.join('\n'),
    throttleSeconds: service.throttleSeconds,
    stopTimeoutSeconds: service.stopTimeoutSeconds,
    umaskDecimal: service.umask,
    openFiles: service.openFiles,
    logFile: escapeXml(service.logFile),
  });
}
