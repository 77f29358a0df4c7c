/**
 * The settings of the alarms: whom they tell, and where the runbook is.
 * Invariant: the runbook's address has room for a section behind it, and none in it.
 */
import type { SettingReader } from './setting-reader.ts';

export interface AlarmSettings {
  /** Who gets every alarm by e-mail; each has to confirm once. */
  readonly emails: readonly string[];
  /** The runbook whose sections the alarms link. */
  readonly runbookUrl: string;
}

/** In the repository, where no address of it is given. */
const RUNBOOK = 'infra/polo/RUNBOOK.md';

const EMAIL = /^[^\s@,]{1,64}@[^\s@,.]+(\.[^\s@,.]+)+$/;
/** An alarm's description ends at 1,024 characters. */
const RUNBOOK_URL = /^https:\/\/[^\s#]{1,500}$/;

export function readAlarmSettings(settings: SettingReader): AlarmSettings {
  return {
    emails: settings.list('alarmEmails', (item) => EMAIL.test(item), 'list e-mail addresses, each once, such as oncall@example.com') ?? [],
    runbookUrl: settings.text('runbookUrl', RUNBOOK_URL, 'write the address of the runbook, without #, such as https://wiki.example.com/polo/runbook') ?? RUNBOOK,
  };
}
