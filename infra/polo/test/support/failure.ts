/** Asserts what a person sees who wrote something wrongly: one sentence, with the value and the fix in it. */
import assert from 'node:assert/strict';
import { SettingError } from '../../lib/settings/setting-error.ts';

export function failsWith(action: () => unknown, sentence: string): void {
  assert.throws(action, (error: unknown) => {
    assert.ok(error instanceof SettingError, `not a SettingError: ${String(error)}`);
    assert.equal(error.message, sentence);
    assert.ok(!error.message.includes('\n') && error.message.length <= 500);
    return true;
  });
}
