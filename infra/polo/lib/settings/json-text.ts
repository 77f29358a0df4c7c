/**
 * Reads JSON that a person wrote.
 * Invariant: a key that stands twice in an object is an error, because JSON.parse would silently keep the last; no error
 * repeats the text, which may hold a secret.
 */
import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import { shown } from './setting-error.ts';

/** The message follows the text's name: `is not JSON (comma expected at line 3, column 5)`. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

export function parseJson(text: string): unknown {
  const wrong = firstProblem(text);
  if (wrong !== undefined) throw new JsonError(wrong);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new JsonError('is not JSON', { cause });
  }
}

function firstProblem(text: string): string | undefined {
  const problems: string[] = [];
  const objects: Set<string>[] = [];
  const at = (line: number, character: number): string => `at line ${line + 1}, column ${character + 1}`;
  try {
    visit(
      text,
      {
        onObjectBegin: () => void objects.push(new Set()),
        onObjectEnd: () => void objects.pop(),
        onObjectProperty: (key, _offset, _length, line, character) => {
          const keys = objects.at(-1);
          if (keys?.has(key)) problems.push(`has ${shown(key)} twice (the second ${at(line, character)})`);
          keys?.add(key);
        },
        onError: (code, _offset, _length, line, character) => problems.push(`is not JSON (${words(code)} ${at(line, character)})`),
      },
      { disallowComments: true },
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return 'is nested too deeply';
  }
  return problems[0];
}

/** `PropertyNameExpected` as people write it. */
function words(code: ParseErrorCode): string {
  return printParseErrorCode(code).replaceAll(/(?<=[a-z])[A-Z]/g, ' $&').toLowerCase();
}
