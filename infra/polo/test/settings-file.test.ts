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

test('a file that is not there is named', () => {
  const missing = join(folder, 'missing.json');
  assert.throws(() => readSettingsFile(missing), {
    name: 'SettingError',
    message: `the settings file ${missing} cannot be read (ENOENT: no such file or directory, open '${missing}'): name a file with a JSON object of settings`,
  });
});

test('a file that is not JSON says where, in one line', () => {
  assert.throws(() => readSettingsFile(file('{\n  "env": "prod",\n}')), {
    name: 'SettingError',
    message: new RegExp(`^the settings file ${path} is not JSON \\([^\\n]+\\): correct the file$`),
  });
});

for (const content of ['["prod"]', '"prod"', 'null', '7']) {
  test(`${content} is no settings`, () => failsWith(() => readSettingsFile(file(content)), `the settings file ${path} is ${content}: write one JSON object from setting to value`));
}

for (const key of ['alarm-emails', 'Env', '@aws-cdk/core:newStyleStackSynthesis', 'aws:cdk:x']) {
  test(`${key} can be no setting`, () => {
    failsWith(() => readSettingsFile(file(JSON.stringify({ [key]: true }))), `a key of the settings file ${path} is ${JSON.stringify(key)}: write settings' names, such as clickhouseUrl`);
  });
}
