/**
 * The error for a setting or a manifest that a person wrote wrongly.
 * Invariant: the message is one sentence that names the value and the fix; it is printed without a stack trace.
 */
export class SettingError extends Error {
  override readonly name = 'SettingError';

  /** `where` is the setting's name, `value` what was given, `fix` what to write instead. */
  static wrong(where: string, value: unknown, fix: string): SettingError {
    return new SettingError(`${where} is ${shown(value)}: ${fix}`);
  }
}

const SHOWN_CHARACTERS = 120;

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
