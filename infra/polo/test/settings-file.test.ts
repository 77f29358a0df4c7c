/** The settings file: what is taken, and every way in which it can be wrong as one sentence. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../lib/settings/config.ts';
import { readSettingsFile } from '../lib/settings/settings-file.ts';
import { failsWith } from './support/failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'polo-settings-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'prod.json');

function file(content: string): string {
  writeFileSync(path, content);
  return path;
}

test('a file is read as it is', () => {
  assert.deepEqual(readSettingsFile(file('{"env":"prod","regions":["eu-west-1"],"checkConcurrency":20}')), { env: 'prod', regions: ['eu-west-1'], checkConcurrency: 20 });
  assert.deepEqual(readSettingsFile(file('{}')), {});
});

test('the example is right, and has every stack', () => {
  const { roles, page } = readConfig(readSettingsFile(join(import.meta.dirname, '../settings/example.json')));
  assert.deepEqual(roles.stacks, ['hub', 'roles', 'forwarder', 'page']);
  assert.ok(page.balancer);
});

const named = (): string => `the settings file ${JSON.stringify(path)}`;

test('a file that is not there is named', () => {
  const missing = join(folder, 'missing.json');
  failsWith(() => readSettingsFile(missing), `the settings file ${JSON.stringify(missing)} cannot be read (ENOENT): name a file with a JSON object of settings`);
  failsWith(() => readSettingsFile(folder), `the settings file ${JSON.stringify(folder)} cannot be read (EISDIR): name a file with a JSON object of settings`);
});

const NOT_JSON: readonly [content: string, problem: string][] = [
  ['{\n  "env": "prod",\n}', 'is not JSON (property name expected at line 3, column 1)'],
  ['{\n  "env": "prod"\n  "mode": "single"\n}', 'is not JSON (comma expected at line 3, column 3)'],
  ['{"env": "prod" // mine\n}', 'is not JSON (invalid comment token at line 1, column 16)'],
  ["{'env': 'prod'}", 'is not JSON (invalid symbol at line 1, column 2)'],
  ['', 'is not JSON (value expected at line 1, column 1)'],
  ['{} {}', 'is not JSON (end of file expected at line 1, column 4)'],
  ['['.repeat(100_000), 'is nested too deeply'],
  ['{\n  "env": "prod",\n  "mode": "single",\n  "env": "dev"\n}', 'has "env" twice (the second at line 4, column 3)'],
  ['{"reservedConcurrency": {"cost": 1, "cost": 2}}', 'has "cost" twice (the second at line 1, column 37)'],
];
for (const [content, problem] of NOT_JSON) {
  test(`a file that ${problem}`, () => failsWith(() => readSettingsFile(file(content)), `${named()} ${problem}: correct the file`));
}

test('the same key in two objects is no duplicate', () => {
  readSettingsFile(file('{"organizations": [{"id": "o-a1b2c3d4e5"}, {"id": "o-f6g7h8i9j0"}]}'));
});

for (const content of ['["prod"]', '"prod"', 'null', '7']) {
  test(`${content} is no settings`, () => failsWith(() => readSettingsFile(file(content)), `${named()} is ${content}: write one JSON object from setting to value`));
}

const NO_SETTING: readonly [key: string, fix: string][] = [
  ['alarm-emails', 'did you mean alarmEmails?'],
  ['clickhouse_url', 'did you mean clickhouseUrl?'],
  ['clickhouseURL', 'did you mean clickhouseUrl?'],
  ['discoverySchedul', 'did you mean discoverySchedule?'],
  ['Env', 'did you mean env?'],
  ['regoin', 'did you mean regions?'],
  ['__proto__', 'infra/polo/README.md lists the settings'],
  ['@aws-cdk/core:newStyleStackSynthesis', 'infra/polo/README.md lists the settings'],
  ['aws:cdk:x', 'infra/polo/README.md lists the settings'],
  ['', 'infra/polo/README.md lists the settings'],
];
for (const [key, fix] of NO_SETTING) {
  test(`${JSON.stringify(key)} is not a setting`, () => failsWith(() => readSettingsFile(file(`{${JSON.stringify(key)}: true}`)), `${JSON.stringify(key)} is not a setting: ${fix}`));
}
