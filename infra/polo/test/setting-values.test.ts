/** The rules that the functions and this app share: both are checked against the same values. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../lib/settings/config.ts';
import { SettingError } from '../lib/settings/setting-error.ts';

interface Case {
  readonly setting: string;
  readonly value: string;
  readonly valid: boolean;
}

const CASES: Case[] = JSON.parse(readFileSync(join(import.meta.dirname, '../../../crates/lib/core/tests/fixtures/setting-values.json'), 'utf8'));

/** The settings that a value of this kind is given with. */
const SETTINGS: Record<string, (value: string) => Record<string, unknown>> = {
  env: (env) => ({ env }),
  readRole: (role) => {
    const slash = role.lastIndexOf('/');
    return { readRoleName: role.slice(slash + 1), ...(slash === -1 ? {} : { rolePath: `/${role.slice(0, slash)}/` }) };
  },
  externalId: (externalId) => ({ externalId }),
  region: (region) => ({ regions: [region] }),
  organizationId: (hubOrganizationId) => ({ hubOrganizationId }),
  ou: (ou) => ({ organizations: [{ include_ous: [ou] }] }),
  stackSetName: (stackSetName) => ({ stackSetName }),
  clickhouseDatabase: (clickhouseDatabase) => ({ clickhouseDatabase }),
  clickhouseUser: (clickhouseUser) => ({ clickhouseUser }),
  retentionDays: (days) => ({ runRetentionDays: days, historyRetentionDays: days, goneRetentionDays: days }),
};

for (const { setting, value, valid } of CASES) {
  test(`${setting} ${JSON.stringify(value).slice(0, 60)} (${value.length}) is ${valid ? 'accepted' : 'refused'}`, () => {
    const settings = SETTINGS[setting];
    assert.ok(settings, `the kind of setting ${setting} is not known here`);
    const read = (): unknown => readConfig({ artifacts: 'stub', ...settings(value) });
    if (valid) read();
    else assert.throws(read, SettingError);
  });
}

test('each kind of setting has values that are accepted and values that are refused', () => {
  for (const kind of Object.keys(SETTINGS)) {
    assert.deepEqual(new Set(CASES.filter(({ setting }) => setting === kind).map(({ valid }) => valid)), new Set([true, false]), kind);
  }
});
