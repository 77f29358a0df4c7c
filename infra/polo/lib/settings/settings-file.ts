/**
 * The settings of a deployment in a file of their own: a JSON object from setting to value.
 * Invariant: a file that is not there, is no JSON object, has a key twice, or has one that is not a setting is one
 * SettingError; what the command line gives wins over the file.
 */
import { readFileSync } from 'node:fs';
import { settingNames } from './config.ts';
import { JsonError, parseJson } from './json-text.ts';
import { SettingError, shown } from './setting-error.ts';
import { unknownSetting } from './setting-reader.ts';

export function readSettingsFile(path: string): Record<string, unknown> {
  const file = `the settings file ${shown(path)}`;
  const content = parsed(file, contentOf(file, path));
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw SettingError.wrong(file, content, 'write one JSON object from setting to value');
  }
  const known = settingNames();
  const stray = Object.keys(content).find((key) => !known.includes(key));
  if (stray !== undefined) throw unknownSetting(stray, known);
  return content as Record<string, unknown>;
}

function contentOf(file: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new SettingError(`${file} cannot be read (${code}): name a file with a JSON object of settings`, { cause });
  }
}

function parsed(file: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new SettingError(`${file} ${cause.message}: correct the file`, { cause });
  }
}
