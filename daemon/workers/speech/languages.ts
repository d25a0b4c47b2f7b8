import { RpcError } from '@locara/protocol/errors';

/** Every language of the Whisper family, by its code there. Any other code ends the native addon's process. */
const LANGUAGES: ReadonlySet<string> = new Set(
  (
    'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ' +
    'ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr ' +
    'pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt ' +
    'haw ln ha ba jw su yue'
  ).split(' '),
);

/** A language of the Whisper family, or `auto`. Throws NotFound. */
export function assertLanguage(language: string): void {
  if (language === 'auto' || LANGUAGES.has(language)) return;
  throw new RpcError('NotFound', 'No speech model has this language.', {
    details: { language, available: [...LANGUAGES] },
  });
}
