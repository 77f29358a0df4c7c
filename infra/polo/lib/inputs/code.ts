/**
 * Where a function's code comes from: a folder with its `bootstrap`, built before (synthesis compiles nothing).
 * Invariant: a DIRECTORY asset, whose hash depends on content alone; a zip's changes with every file date, and each
 * fresh build would deploy everything anew. And what is taken runs on the architecture that the function is given.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { rejectOtherArchitecture } from './architecture.ts';
import type { PoloConfig } from '../settings/polo-config.ts';
import { SettingError } from '../settings/setting-error.ts';

/** Relative folders in settings are relative to the app, wherever it is started. */
const APP_FOLDER = join(import.meta.dirname, '../..');

export function functionCode(id: string, { artifacts, architecture }: Pick<PoloConfig, 'artifacts' | 'architecture'>): Code {
  if (artifacts.kind === 'stub') return Code.fromAsset(join(APP_FOLDER, 'stub'));
  const folder = join(resolve(APP_FOLDER, artifacts.path), id);
  const bootstrap = join(folder, 'bootstrap');
  if (!existsSync(bootstrap)) throw new SettingError(`${bootstrap} does not exist: build it with make build, or set "artifacts" to "stub"`);
  rejectOtherArchitecture(bootstrap, architecture);
  return Code.fromAsset(folder);
}
