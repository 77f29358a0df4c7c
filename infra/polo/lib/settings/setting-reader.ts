/**
 * Reads single settings out of CDK context, whether they come as text (`-c key=value`) or as JSON (cdk.json).
 * Invariant: an absent setting is `undefined`, an empty one is an error, and a key that nobody read is an error. An ARN is
 * of a partition and region that exist.
 */
import { arnProblem, regionProblem } from './aws-places.ts';
import { meant } from './did-you-mean.ts';
import { JsonError, parseJson } from './json-text.ts';
import { scheduleExpression } from './schedule.ts';
import { SettingError, shown } from './setting-error.ts';

/** A key of Polo's, right or wrong; CDK's own context keys have a colon, slash, hyphen or at-sign in them. */
const SETTING_KEY = /^\w*$/;

/** For a key that is none of the `known` settings. */
export function unknownSetting(key: string, known: readonly string[]): SettingError {
  const suggestion = meant(key, known);
  return new SettingError(`${shown(key)} is not a setting: ${suggestion === undefined ? 'infra/polo/README.md lists the settings' : `did you mean ${suggestion}?`}`);
}

export class SettingReader {
  private readonly context: Readonly<Record<string, unknown>>;
  private readonly known = new Set<string>();

  constructor(context: Readonly<Record<string, unknown>>) {
    this.context = context;
  }

  text(key: string, pattern: RegExp, fix: string): string | undefined {
    const value = this.raw(key, fix);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || !pattern.test(value)) throw SettingError.wrong(key, value, fix);
    const problem = arnProblem(value);
    if (problem !== undefined) throw SettingError.wrong(key, value, problem);
    return value;
  }

  /** As `text`, for what may be mistaken for the place of a secret: a wrong value is not shown. */
  unshown(key: string, pattern: RegExp, fix: string): string | undefined {
    const value = this.raw(key, fix);
    if (value === undefined) return undefined;
    const problem = typeof value === 'string' && pattern.test(value) ? arnProblem(value) : fix;
    if (problem !== undefined) throw new SettingError(`${key} has a wrong value, which is not shown because it may be a secret: ${problem}`);
    return value as string;
  }

  region(key: string, fix: string): string | undefined {
    const value = this.text(key, /./s, fix);
    const problem = value === undefined ? undefined : regionProblem(value);
    if (problem !== undefined) throw SettingError.wrong(key, value, problem);
    return value;
  }

  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const fix = `write one of ${choices.join(', ')}`;
    const value = this.raw(key, fix);
    if (value === undefined) return undefined;
    const chosen = choices.find((one) => one === value);
    if (chosen === undefined) throw SettingError.wrong(key, value, fix);
    return chosen;
  }

  whole(key: string, low: number, high: number): number | undefined {
    const fix = `write a whole number from ${low} to ${high}`;
    const number = this.number(key, fix);
    if (number !== undefined && !(Number.isInteger(number) && number >= low && number <= high)) {
      throw SettingError.wrong(key, this.context[key], fix);
    }
    return number;
  }

  oneOf(key: string, choices: readonly number[]): number | undefined {
    const fix = `write one of ${choices.join(', ')}`;
    const number = this.number(key, fix);
    if (number !== undefined && !choices.includes(number)) throw SettingError.wrong(key, this.context[key], fix);
    return number;
  }

  regions(key: string, fix: string): string[] | undefined {
    return this.list(key, () => true, fix, regionProblem);
  }

  /** A list, given as JSON or as text with commas. `problem` says what to write instead of an accepted item. */
  list(key: string, accepted: (item: string) => boolean, fix: string, problem = arnProblem): string[] | undefined {
    const value = this.raw(key, fix);
    if (value === undefined) return undefined;
    const items: unknown = typeof value === 'string' && !value.startsWith('[') ? value.split(',') : this.json(key, fix);
    if (!Array.isArray(items) || items.length === 0) throw SettingError.wrong(key, value, fix);
    const seen = new Set<string>();
    for (const item of items) {
      if (typeof item !== 'string' || !accepted(item) || seen.has(item)) throw SettingError.wrong(`an entry of ${key}`, item, fix);
      const wrong = problem(item);
      if (wrong !== undefined) throw SettingError.wrong(`an entry of ${key}`, item, wrong);
      seen.add(item);
    }
    return [...seen];
  }

  /** Structured settings: JSON in cdk.json, JSON text on the command line. */
  json(key: string, fix: string): unknown {
    const value = this.raw(key, fix);
    if (typeof value !== 'string') return value;
    try {
      return parseJson(value);
    } catch (cause) {
      if (!(cause instanceof JsonError)) throw cause;
      throw SettingError.wrong(key, value, `it ${cause.message}; ${fix}`);
    }
  }

  schedule(key: string): string | undefined {
    const value = this.raw(key, 'write rate(1 hour) or cron(0 3 * * ? *)');
    return value === undefined ? undefined : scheduleExpression(key, value);
  }

  /** Whether it is there, right or wrong. */
  isGiven(key: string): boolean {
    this.known.add(key);
    return this.context[key] !== undefined;
  }

  /** To be called last: a misspelt setting would otherwise silently leave the default in place. */
  rejectUnknown(): void {
    const names = this.names();
    const stray = Object.keys(this.context).find((key) => !names.includes(key) && (SETTING_KEY.test(key) || names.includes(camelCase(key))));
    if (stray !== undefined) throw unknownSetting(stray, names);
  }

  /** Every setting that was read so far. */
  names(): string[] {
    return [...this.known].sort();
  }

  private number(key: string, fix: string): number | undefined {
    const value = this.raw(key, fix);
    if (value === undefined || typeof value === 'number') return value;
    if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) throw SettingError.wrong(key, value, fix);
    return Number(value);
  }

  private raw(key: string, fix: string): unknown {
    this.known.add(key);
    const value = this.context[key];
    if (value === '' || value === null) throw SettingError.wrong(key, value, `${fix}, or leave the setting out`);
    return value;
  }
}

/** A setting's name with hyphens, as options have it. */
function camelCase(key: string): string {
  return key.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
