/** The longest silence of a schedule, as far as it is the same every day. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestGapMinutes } from '../lib/settings/schedule-gap.ts';

const GAPS: readonly [expression: string, minutes: number | undefined][] = [
  ['rate(1 minute)', 1],
  ['rate(5 minutes)', 5],
  ['rate(1 hour)', 60],
  ['rate(2 days)', 2880],
  ['cron(0 3 * * ? *)', 1440],
  ['cron(10 * * * ? *)', 60],
  ['cron(* * ? * * *)', 1],
  ['cron(0/15 * * * ? *)', 15],
  ['cron(*/25 * * * ? *)', 25],
  ['cron(5/10 * * * ? *)', 10],
  ['cron(0,50 * * * ? *)', 50],
  ['cron(50,0,50 * * * ? *)', 50],
  ['cron(0 8-17 * * ? *)', 15 * 60],
  ['cron(0/30 8-10 * * ? *)', 21 * 60 + 30],
  ['cron(30 0/6 * * ? *)', 360],
  ['cron(0 20-23/3,2 * * ? *)', 18 * 60],
  ['cron(0 3 ? * MON-FRI *)', undefined],
  ['cron(0 3 1 * ? *)', undefined],
  ['cron(0 3 * JAN ? *)', undefined],
  ['cron(0 3 * * ? 2026)', undefined],
];
for (const [expression, minutes] of GAPS) {
  test(`${expression}: ${minutes === undefined ? 'by the calendar' : `${minutes} minutes`}`, () => assert.equal(longestGapMinutes(expression), minutes));
}
