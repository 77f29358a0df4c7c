/**
 * The settings of a deployment in a file of their own: a JSON object from setting to value, which the variable POLO_SETTINGS
 * names.
 * Invariant: a file that is not there, is no JSON object, or has a key that no setting can have is one SettingError; what the
 * command line gives wins over it.
 */
import { readFileSync } from 'node:fs';
import { SettingError } from './setting-error.ts';
import { SETTING_KEY } from './setting-reader.ts';

export function readSettingsFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SettingError(`the settings file ${path} cannot be read (${reason(cause)}): name a file with a JSON object of settings`, { cause });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new SettingError(`the settings file ${path} is not JSON (${reason(cause)}): correct the file`, { cause });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw SettingError.wrong(`the settings file ${path}`, content, 'write one JSON object from setting to value');
  }
  const stray = Object.keys(content).find((key) => !SETTING_KEY.test(key));
  if (stray !== undefined) throw SettingError.wrong(`a key of the settings file ${path}`, stray, "write settings' names, such as clickhouseUrl");
  return content as Record<string, unknown>;
}

/** Node's own words, in one line. */
function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');
}
