/**
 * The settings of retention: how many days history is kept in ClickHouse.
 * Invariant: a setting that is left out is undefined. Its default lives in the functions alone.
 */
import type { SettingReader } from './setting-reader.ts';

export interface RetentionSettings {
  /** Runs, dispatches, access checks, discoveries and provisioning attempts. */
  readonly runDays?: number;
  /** Changes of resources, billed calls and measurements. */
  readonly historyDays?: number;
  /** Resources that are gone, among the current ones. */
  readonly goneDays?: number;
  /** Whether old rows expire in a table that was there before Polo. */
  readonly adoptedHistory?: AdoptedHistory;
}

const ADOPTED_HISTORY = ['keep', 'expire'] as const;
type AdoptedHistory = (typeof ADOPTED_HISTORY)[number];

/** Views look back 35 days, so a shorter time would change their answers. */
const DAYS_AT_LEAST = 60;
const DAYS_AT_MOST = 3650;

export function readRetentionSettings(settings: SettingReader): RetentionSettings {
  const days = (key: string): number | undefined => settings.whole(key, DAYS_AT_LEAST, DAYS_AT_MOST);
  return {
    runDays: days('runRetentionDays'),
    historyDays: days('historyRetentionDays'),
    goneDays: days('goneRetentionDays'),
    adoptedHistory: settings.choice('adoptedHistory', ADOPTED_HISTORY),
  };
}
