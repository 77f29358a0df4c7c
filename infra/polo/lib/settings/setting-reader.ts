/**
 * Reads single settings out of CDK context, whether they come as text (`-c key=value`) or as JSON (cdk.json).
 * Invariant: an absent setting is `undefined`, an empty one is an error, and a key that nobody read is an error.
 */
import { scheduleExpression } from './schedule.ts';
import { SettingError } from './setting-error.ts';

/** Settings are plain camelCase words; CDK's own context keys have a colon, slash, hyphen or at-sign in them. */
export const SETTING_KEY = /^[a-z][A-Za-z0-9]*$/;

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
    return value;
  }

  /** As `text`, for what may be mistaken for the place of a secret: a wrong value is not shown. */
  unshown(key: string, pattern: RegExp, fix: string): string | undefined {
    const value = this.raw(key, fix);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || !pattern.test(value)) throw new SettingError(`${key} has a wrong value, which is not shown because it may be a secret: ${fix}`);
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

  /** A list, given as JSON or as text with commas. */
  list(key: string, accepted: (item: string) => boolean, fix: string): string[] | undefined {
    const value = this.raw(key, fix);
    if (value === undefined) return undefined;
    const items: unknown = typeof value === 'string' && !value.startsWith('[') ? value.split(',') : this.json(key, fix);
    if (!Array.isArray(items) || items.length === 0) throw SettingError.wrong(key, value, fix);
    const seen = new Set<string>();
    for (const item of items) {
      if (typeof item !== 'string' || !accepted(item) || seen.has(item)) throw SettingError.wrong(`an entry of ${key}`, item, fix);
      seen.add(item);
    }
    return [...seen];
  }

  /** Structured settings: JSON in cdk.json, JSON text on the command line. */
  json(key: string, fix: string): unknown {
    const value = this.raw(key, fix);
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch (cause) {
      throw new SettingError(SettingError.wrong(key, value, `it is not JSON; ${fix}`).message, { cause });
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
    const stray = Object.keys(this.context).find((key) => SETTING_KEY.test(key) && !this.known.has(key));
    if (stray !== undefined) {
      throw new SettingError(`${stray} is not a setting of Polo: use one of ${[...this.known].sort().join(', ')}`);
    }
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
