/**
 * The collectors' manifests, crates/collectors/<id>/collector.json: what makes a collector exist for this app.
 * Invariant: a collector is its folder; ids are the folders' names, so they are unique, and the list is sorted by id.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SettingError } from '../settings/setting-error.ts';

export const SCOPES = ['region', 'account', 'account_and_payer', 'payer'] as const;
export type Scope = (typeof SCOPES)[number];

/** What AWS bills of a collector's calls. Amounts are USD as text, because a JSON number is a binary fraction. */
export interface Billing {
  readonly unit: string;
  readonly usd_per_1000_units: string;
  readonly run_units_at_most: number;
  /** Of all runs of one account and UTC day; the setting dayUsdAtMost overrides it. */
  readonly day_usd_at_most: string;
  readonly source: string;
}

/** One collector.json. Field names are the file's own. */
export interface CollectorManifest {
  readonly id: string;
  readonly description: string;
  /** The name of a sweep, such as `daily`; settings say when it fires. */
  readonly schedule: string;
  readonly scope: Scope;
  readonly period_hours: number;
  readonly freshness_hours: number;
  readonly memory_mb: number;
  readonly timeout_s: number;
  readonly read_actions: readonly string[];
  readonly tables: readonly string[];
  /** The collectors on whose findings it works; the dispatcher asks for it once they have ended. */
  readonly after?: readonly string[];
  /** Absent where AWS bills nothing. */
  readonly billing?: Billing;
}

/** Lambda's limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const TIMEOUT_LIMIT_S = 900;
const MEMORY_LIMITS_MB = { low: 128, high: 10_240 };
const DESCRIPTION_LIMIT = 256;

const COLLECTOR_ID = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const SCHEDULE_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const IAM_ACTION = /^[a-z0-9-]+:[A-Z][A-Za-z0-9]*$/;
const TABLE_NAME = /^[a-z][a-z0-9_]*$/;
export const USD = /^\d{1,6}(\.\d{1,6})?$/;

/** Every collector under `folder`. A folder without a manifest is an error: it would be a collector that never runs. */
export function loadManifests(folder: string): CollectorManifest[] {
  if (!existsSync(folder)) throw new SettingError(`the collectors' folder ${folder} does not exist: run this app inside the whole repository`);
  const ids = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort((a, b) => (a < b ? -1 : 1));
  if (ids.length === 0) throw new SettingError(`the collectors' folder ${folder} is empty: Polo needs at least one collector`);
  const manifests = ids.map((id) => loadManifest(folder, id));
  for (const { id, after = [] } of manifests) {
    const unknown = after.find((other) => other === id || !ids.includes(other));
    if (unknown !== undefined) throw SettingError.wrong(`${id}/collector.json: an entry of after`, unknown, 'name other collectors, by their ids');
  }
  return manifests;
}

function loadManifest(folder: string, folderName: string): CollectorManifest {
  const path = join(folder, folderName, 'collector.json');
  if (!existsSync(path)) throw new SettingError(`the collector folder ${folderName} has no collector.json: add the manifest or remove the folder`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SettingError(`${folderName}/collector.json is not JSON (${error instanceof Error ? error.message : String(error)}): correct the file`, { cause: error });
  }
  return checked(folderName, content);
}

function checked(folderName: string, content: unknown): CollectorManifest {
  const file = `${folderName}/collector.json`;
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw SettingError.wrong(file, content, 'write one JSON object');
  }
  const fields = content as Record<string, unknown>;
  const wrong = (field: string, fix: string): SettingError => SettingError.wrong(`${file}: ${field}`, fields[field], fix);
  const text = (field: string, pattern: RegExp, fix: string): string => {
    const value = fields[field];
    if (typeof value !== 'string' || !pattern.test(value)) throw wrong(field, fix);
    return value;
  };
  const whole = (field: string, low: number, high: number, fix: string): number => {
    const value = fields[field];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) throw wrong(field, fix);
    return value;
  };
  const list = (field: string, pattern: RegExp, fix: string): string[] => {
    const value = fields[field];
    const valid = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && pattern.test(item));
    if (!valid || new Set(value).size !== value.length) throw wrong(field, fix);
    return value;
  };

  const id = text('id', COLLECTOR_ID, 'write the folder\'s name, in snake_case');
  if (id !== folderName) throw wrong('id', `write ${JSON.stringify(folderName)}, the name of its folder`);
  const scope = SCOPES.find((known) => known === fields['scope']);
  if (scope === undefined) throw wrong('scope', `write one of ${SCOPES.join(', ')}`);
  const period = whole('period_hours', 1, 24 * 366, 'write the hours between two runs, a whole number of at least 1');
  return {
    id,
    scope,
    description: text('description', new RegExp(`^.{1,${DESCRIPTION_LIMIT}}$`), `write one line of at most ${DESCRIPTION_LIMIT} characters`),
    schedule: text('schedule', SCHEDULE_NAME, 'write the name of a sweep, such as daily'),
    period_hours: period,
    freshness_hours: whole('freshness_hours', period, 24 * 366 * 2, `write a whole number of hours, not less than period_hours (${period})`),
    memory_mb: whole('memory_mb', MEMORY_LIMITS_MB.low, MEMORY_LIMITS_MB.high, `write a whole number from ${MEMORY_LIMITS_MB.low} to ${MEMORY_LIMITS_MB.high}`),
    timeout_s: whole('timeout_s', 1, TIMEOUT_LIMIT_S, `write a whole number from 1 to ${TIMEOUT_LIMIT_S}, Lambda's limit`),
    read_actions: list('read_actions', IAM_ACTION, 'list IAM actions without wildcards, each once, such as ec2:DescribeInstances'),
    tables: list('tables', TABLE_NAME, 'list the tables it writes, each once, such as resources'),
    ...(fields['after'] === undefined ? {} : { after: list('after', COLLECTOR_ID, 'list the ids of other collectors, each once, or leave it out') }),
    ...billing(file, fields['billing']),
  };
}

/** The amounts are compared where they are spent, in the functions; here they only have to be amounts. */
function billing(file: string, content: unknown): { billing?: Billing } {
  if (content === undefined) return {};
  const fix = 'write an object with unit, usd_per_1000_units, run_units_at_most, day_usd_at_most and source, amounts of USD as text such as "0.50"';
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw SettingError.wrong(`${file}: billing`, content, fix);
  const { unit, usd_per_1000_units, run_units_at_most, day_usd_at_most, source, ...unknown } = content as Record<string, unknown>;
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) throw SettingError.wrong(`a field of ${file}: billing`, stray, fix);
  const amount = (value: unknown): value is string => typeof value === 'string' && USD.test(value);
  const whole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value > 0;
  if (typeof unit !== 'string' || unit === '' || typeof source !== 'string' || !amount(usd_per_1000_units) || !whole(run_units_at_most) || !amount(day_usd_at_most)) {
    throw SettingError.wrong(`${file}: billing`, content, fix);
  }
  return { billing: { unit, usd_per_1000_units, run_units_at_most, day_usd_at_most, source } };
}
