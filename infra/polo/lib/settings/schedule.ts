/**
 * EventBridge schedule expressions, checked at synthesis with the rules EventBridge documents, so that a slip is a
 * sentence here and not a failed deployment. Invariant: the expression is checked, never rewritten; times are UTC.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
import { SettingError } from './setting-error.ts';

/** Returns the expression unchanged, or throws the one sentence that says what to write instead. */
export function scheduleExpression(setting: string, value: unknown): string {
  if (typeof value !== 'string') throw SettingError.wrong(setting, value, 'write rate(1 hour) or cron(0 3 * * ? *)');
  const problem = rateProblem(value) ?? cronProblem(value);
  if (problem !== undefined) throw SettingError.wrong(setting, value, problem);
  return value;
}

function rateProblem(text: string): string | undefined {
  if (!text.startsWith('rate(')) return undefined;
  const parts = /^rate\((\d{1,9}) (minute|hour|day)(s?)\)$/.exec(text);
  if (!parts) return 'write rate(<whole number> minutes|hours|days), for example rate(5 minutes)';
  const [, digits = '', unit = '', plural = ''] = parts;
  const count = Number(digits);
  if (count === 0 || digits.startsWith('0')) return 'the number must be a whole number of at least 1, without leading zeros';
  if (count === 1 && plural) return `EventBridge wants the singular for 1: write rate(1 ${unit})`;
  if (count > 1 && !plural) return `EventBridge wants the plural for more than 1: write rate(${count} ${unit}s)`;
  return undefined;
}

interface CronField {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Names that stand for numbers, the first one for `low`. */
  readonly names?: readonly string[];
  /** Whole entries beyond numbers, ranges and steps that EventBridge knows in this field. */
  readonly special?: RegExp;
  readonly questionMark?: true;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const CRON_FIELDS: readonly CronField[] = [
  { name: 'minutes', low: 0, high: 59 },
  { name: 'hours', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31, special: /^(L|LW|([1-9]|[12]\d|3[01])W)$/, questionMark: true },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  { name: 'day of week', low: 1, high: 7, names: WEEKDAYS, special: /^(L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$/, questionMark: true },
  { name: 'year', low: 1970, high: 2199 },
];

function cronProblem(text: string): string | undefined {
  if (text.startsWith('rate(')) return undefined;
  const inner = /^cron\((.*)\)$/.exec(text)?.[1];
  if (inner === undefined) return 'write rate(1 hour) or cron(0 3 * * ? *)';
  const entries = inner.split(' ');
  if (entries.length !== CRON_FIELDS.length) {
    return `cron takes six fields, each one space apart (${CRON_FIELDS.map((field) => field.name).join(', ')}), for example cron(0 3 * * ? *)`;
  }
  for (const [index, field] of CRON_FIELDS.entries()) {
    const entry = entries[index] ?? '';
    if (!fieldAccepts(field, entry)) {
      return `${JSON.stringify(entry)} is not what EventBridge takes for ${field.name} (${field.low} to ${field.high})`;
    }
  }
  const unspecified = [entries[2], entries[4]].filter((entry) => entry === '?').length;
  if (unspecified !== 1) return 'exactly one of day of month and day of week must be ?, for example cron(0 3 * * ? *)';
  return undefined;
}

function fieldAccepts(field: CronField, entry: string): boolean {
  if (entry === '?') return field.questionMark === true;
  return entry.split(',').every((item) => field.special?.test(item) === true || itemAccepted(field, item));
}

/** One item of a list: `*`, a number or name, `a-b`, and any of these with `/step`. */
function itemAccepted(field: CronField, item: string): boolean {
  const parts = /^(\*|[A-Z0-9]+)(?:-([A-Z0-9]+))?(?:\/([0-9]+))?$/.exec(item);
  if (!parts) return false;
  const [, from = '', to, step] = parts;
  if (step !== undefined && !(Number(step) >= 1 && Number(step) <= field.high)) return false;
  if (from === '*') return to === undefined;
  const low = valueOf(field, from);
  if (low === undefined) return false;
  if (to === undefined) return true;
  const high = valueOf(field, to);
  return high !== undefined && low <= high;
}

function valueOf(field: CronField, word: string): number | undefined {
  const named = field.names?.indexOf(word) ?? -1;
  if (named >= 0) return field.low + named;
  if (!/^\d{1,4}$/.test(word)) return undefined;
  const value = Number(word);
  return value >= field.low && value <= field.high ? value : undefined;
}
