import type { ServiceDescription } from './describe-service.ts';
import { quoteSystemdPath, quoteSystemdProgram, quoteSystemdWord } from './escape.ts';
import { renderTemplate } from './render-template.ts';

/** The systemd user unit, from `launchd/locarad.service.template`. */
export function renderSystemdUnit(template: string, service: ServiceDescription): string {
  const command = [
    quoteSystemdProgram(service.program),
    ...service.arguments.map(quoteSystemdWord),
  ];
  const environment = service.environment.map(
    ([name, value]) => `Environment=${quoteSystemdWord(`${name}=${value}`)}`,
  );
  // The dash: one that is missing stops nothing.
  const writable = service.folders.map(
    (folder) => `ReadWritePaths=${quoteSystemdPath(`-${folder}`)}`,
  );
  return renderTemplate(template, {
    description: service.description,
    execStart: command.join(' '),
    folders: service.folders.map(quoteSystemdWord).join(' '),
    environment: environment.join('\n'),
    throttleSeconds: service.throttleSeconds,
    stopTimeoutSeconds: service.stopTimeoutSeconds,
    openFiles: service.openFiles,
    umaskOctal: service.umask.toString(8).padStart(4, '0'),
    writableFolders: writable.join('\n'),
  });
}
