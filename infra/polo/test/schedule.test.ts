/** Schedule expressions: what EventBridge documents is accepted, the usual slips are named with their fix. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleExpression } from '../lib/settings/schedule.ts';
import { failsWith } from './support/failure.ts';

const ACCEPTED = [
  'rate(1 minute)',
  'rate(1 hour)',
  'rate(1 day)',
  'rate(5 minutes)',
  'rate(12 hours)',
  'rate(7 days)',
  'cron(0 3 * * ? *)',
  'cron(10 * * * ? *)',
  'cron(0/15 * * * ? *)',
  'cron(*/5 8-17 ? * MON-FRI *)',
  'cron(0 8 1 * ? *)',
  'cron(0,30 6 ? JAN,JUL 2-6 2026-2030)',
  'cron(0 0 L * ? *)',
  'cron(0 0 LW * ? *)',
  'cron(0 0 15W * ? *)',
  'cron(0 0 ? * 6L *)',
  'cron(0 0 ? * FRI#2 *)',
];

for (const expression of ACCEPTED) {
  test(`${expression} is accepted unchanged`, () => assert.equal(scheduleExpression('discoverySchedule', expression), expression));
}

const RATE = 'write rate(<whole number> minutes|hours|days), for example rate(5 minutes)';
const FIELDS =
  'cron takes six fields, each one space apart (minutes, hours, day of month, month, day of week, year), for example cron(0 3 * * ? *)';
const QUESTION = 'exactly one of day of month and day of week must be ?, for example cron(0 3 * * ? *)';

const REFUSED: readonly [expression: unknown, fix: string][] = [
  ['rate(1 hours)', 'EventBridge wants the singular for 1: write rate(1 hour)'],
  ['rate(5 minute)', 'EventBridge wants the plural for more than 1: write rate(5 minutes)'],
  ['rate(0 minutes)', 'the number must be a whole number of at least 1, without leading zeros'],
  ['rate(05 minutes)', 'the number must be a whole number of at least 1, without leading zeros'],
  ['rate(1.5 hours)', RATE],
  ['rate(-1 hours)', RATE],
  ['rate(30 seconds)', RATE],
  ['rate(2 weeks)', RATE],
  ['rate(5  minutes)', RATE],
  ['rate(5 minutes', RATE],
  ['cron(0 3 * * ?)', FIELDS],
  ['cron(0 3 * *  ? *)', FIELDS],
  ['cron(0 3 * * * *)', QUESTION],
  ['cron(0 3 1 * MON *)', QUESTION],
  ['cron(0 3 ? * ? *)', QUESTION],
  ['cron(60 3 * * ? *)', '"60" is not what EventBridge takes for minutes (0 to 59)'],
  ['cron(0 24 * * ? *)', '"24" is not what EventBridge takes for hours (0 to 23)'],
  ['cron(0 3 32 * ? *)', '"32" is not what EventBridge takes for day of month (1 to 31)'],
  ['cron(0 3 ? 13 MON *)', '"13" is not what EventBridge takes for month (1 to 12)'],
  ['cron(0 3 ? * 0 *)', '"0" is not what EventBridge takes for day of week (1 to 7)'],
  ['cron(0 3 ? * MONDAY *)', '"MONDAY" is not what EventBridge takes for day of week (1 to 7)'],
  ['cron(0 3 * * ? 1969)', '"1969" is not what EventBridge takes for year (1970 to 2199)'],
  ['cron(? 3 * * ? *)', '"?" is not what EventBridge takes for minutes (0 to 59)'],
  ['cron(0/0 3 * * ? *)', '"0/0" is not what EventBridge takes for minutes (0 to 59)'],
  ['cron(0 17-8 * * ? *)', '"17-8" is not what EventBridge takes for hours (0 to 23)'],
  ['cron(0, 3 * * ? *)', '"0," is not what EventBridge takes for minutes (0 to 59)'],
  ['0 3 * * ? *', 'write rate(1 hour) or cron(0 3 * * ? *)'],
  ['hourly', 'write rate(1 hour) or cron(0 3 * * ? *)'],
  [60, 'write rate(1 hour) or cron(0 3 * * ? *)'],
];

for (const [expression, fix] of REFUSED) {
  test(`${JSON.stringify(expression)} is refused with its fix`, () => {
    failsWith(() => scheduleExpression('discoverySchedule', expression), `discoverySchedule is ${JSON.stringify(expression)}: ${fix}`);
  });
}
