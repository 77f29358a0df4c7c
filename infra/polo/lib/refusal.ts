/** Ends a program that refuses what a person wrote: one sentence on stderr, exit code 1, and no stack trace. */
import { SettingError } from './settings/setting-error.ts';

export function orOneSentence(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
