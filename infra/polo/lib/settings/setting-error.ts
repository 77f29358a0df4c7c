/**
 * The error for a setting or a manifest that a person wrote wrongly.
 * Invariant: the message is one line of at most 500 characters that names the value and the fix, without control
 * characters and without a password of an address; it is printed without a stack trace.
 */
const MESSAGE_CHARACTERS = 500;
const SHOWN_CHARACTERS = 120;

export class SettingError extends Error {
  override readonly name = 'SettingError';

  constructor(message: string, options?: ErrorOptions) {
    super(clipped(printable(message), MESSAGE_CHARACTERS), options);
  }

  /** `where` is the setting's name, `value` what was given, `fix` what to write instead. */
  static wrong(where: string, value: unknown, fix: string): SettingError {
    return new SettingError(`${where} is ${shown(value)}: ${fix}`);
  }
}

/** A value as JSON, cut where it is long. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = (JSON.stringify(value) ?? String(value)).replaceAll(/\/\/[^/\s"@]*@/g, '//***@');
  return clipped(text, SHOWN_CHARACTERS);
}

function clipped(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters - 1)}…` : text;
}

/** Control characters, line breaks and what reorders text on a terminal, as \u{1b}. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
