/**
 * Where a function's code comes from: a folder with its `bootstrap`, built before (synthesis compiles nothing).
 * Invariant: a DIRECTORY asset, whose hash depends on content alone; a zip's changes with every file date, and each
 * fresh build would deploy everything anew.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { PoloConfig } from './config.ts';
import { SettingError } from './setting-error.ts';

/** Relative folders in settings are relative to the app, wherever it is started. */
const APP_FOLDER = join(import.meta.dirname, '..');

export function functionCode(id: string, artifacts: PoloConfig['artifacts']): Code {
  if (artifacts.kind === 'stub') return Code.fromAsset(join(APP_FOLDER, 'stub'));
  const folder = join(resolve(APP_FOLDER, artifacts.path), id);
  if (!existsSync(join(folder, 'bootstrap'))) {
    throw new SettingError(`${join(folder, 'bootstrap')} does not exist: build it with cargo lambda build --release, or give -c artifacts=stub`);
  }
  return Code.fromAsset(folder);
}
