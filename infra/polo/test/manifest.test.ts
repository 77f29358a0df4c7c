/** Manifests: what a collector's folder must hold, and one sentence for each way to get it wrong. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { failsWith } from './support/failure.ts';
import { FIXTURES, FIXTURE_COLLECTORS } from './support/stack.ts';

const VALID = JSON.parse(readFileSync(join(FIXTURES, 'config_ec2/collector.json'), 'utf8')) as Record<string, unknown>;

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'polo-collectors-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function folderWith(t: TestContext, name: string, content: string): string {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'collector.json'), content);
  return folder;
}

test('manifests are read whole and sorted by id', () => {
  const manifests = loadManifests(FIXTURES);
  assert.deepEqual(manifests.map(({ id }) => id), FIXTURE_COLLECTORS);
  assert.deepEqual(manifests[1], VALID);
});

test('files beside the collectors and hidden folders are not collectors', (t) => {
  const folder = emptyFolder(t);
  cpSync(FIXTURES, folder, { recursive: true });
  writeFileSync(join(folder, 'README.md'), 'collectors');
  mkdirSync(join(folder, '.idea'));
  assert.equal(loadManifests(folder).length, FIXTURE_COLLECTORS.length);
});

const MEMORY = 'write a whole number from 128 to 10240';
const TIMEOUT = "write a whole number from 1 to 900, Lambda's limit";
const ACTIONS = 'list IAM actions without wildcards, each once, such as ec2:DescribeInstances';
const TABLES = 'list the tables it writes, each once, such as resources';
const FRESHNESS = 'write a whole number of hours, not less than period_hours (24)';

const REFUSED: readonly [field: string, value: unknown, fix: string][] = [
  ['id', 'config_s3', 'write "config_ec2", the name of its folder'],
  ['id', 'config-ec2', "write the folder's name, in snake_case"],
  ['id', undefined, "write the folder's name, in snake_case"],
  ['description', '', 'write one line of at most 256 characters'],
  ['description', 'two\nlines', 'write one line of at most 256 characters'],
  ['schedule', 'rate(1 day)', 'write the name of a sweep, such as daily'],
  ['scope', 'regional', 'write one of region, account, account_and_payer, payer'],
  ['scope', undefined, 'write one of region, account, account_and_payer, payer'],
  ['period_hours', 0, 'write the hours between two runs, a whole number of at least 1'],
  ['freshness_hours', 12, FRESHNESS],
  ['freshness_hours', undefined, FRESHNESS],
  ['memory_mb', 64, MEMORY],
  ['memory_mb', 10_241, MEMORY],
  ['memory_mb', '256', MEMORY],
  ['timeout_s', 901, TIMEOUT],
  ['timeout_s', 0, TIMEOUT],
  ['timeout_s', 1.5, TIMEOUT],
  ['read_actions', [], ACTIONS],
  ['read_actions', ['ec2:Describe*'], ACTIONS],
  ['read_actions', ['DescribeRegions'], ACTIONS],
  ['read_actions', ['ec2:DescribeRegions', 'ec2:DescribeRegions'], ACTIONS],
  ['tables', 'resources', TABLES],
  ['tables', ['Resources'], TABLES],
  ['after', [], 'list the ids of other collectors, each once, or leave it out'],
];

for (const [field, value, fix] of REFUSED) {
  const shown = value === undefined ? 'missing' : JSON.stringify(value);
  test(`${field} ${shown} is refused`, (t) => {
    const folder = folderWith(t, 'config_ec2', JSON.stringify({ ...VALID, [field]: value }));
    failsWith(() => loadManifests(folder), `config_ec2/collector.json: ${field} is ${shown}: ${fix}`);
  });
}

test('a collector that waits for one that does not exist, or for itself, is refused', (t) => {
  for (const other of ['config_rds', 'config_ec2']) {
    const folder = folderWith(t, 'config_ec2', JSON.stringify({ ...VALID, after: [other] }));
    failsWith(() => loadManifests(folder), `config_ec2/collector.json: an entry of after is "${other}": name other collectors, by their ids`);
  }
});

const BILLING = { unit: 'request', usd_per_1000_units: '10.00', run_units_at_most: 300, day_usd_at_most: '3.00', source: 'https://aws.amazon.com/' };

test('what a collector costs is read', (t) => {
  const folder = folderWith(t, 'config_ec2', JSON.stringify({ ...VALID, billing: BILLING }));
  assert.deepEqual(loadManifests(folder)[0]?.billing, BILLING);
});

const WRONG_BILLING: readonly [why: string, value: unknown][] = [
  ['that is a number', 3],
  ['whose amount is a number', { ...BILLING, day_usd_at_most: 3 }],
  ['without a limit', { ...BILLING, run_units_at_most: undefined }],
  ['with a limit of nothing', { ...BILLING, run_units_at_most: 0 }],
];

for (const [why, value] of WRONG_BILLING) {
  test(`billing ${why} is refused`, (t) => {
    const folder = folderWith(t, 'config_ec2', JSON.stringify({ ...VALID, billing: value }));
    assert.throws(() => loadManifests(folder), { name: 'SettingError', message: /^config_ec2\/collector\.json: billing is .+: write an object with unit, / });
  });
}

test('a field of billing that nobody knows is refused', (t) => {
  const folder = folderWith(t, 'config_ec2', JSON.stringify({ ...VALID, billing: { ...BILLING, currency: 'USD' } }));
  assert.throws(() => loadManifests(folder), { name: 'SettingError', message: /^a field of config_ec2\/collector\.json: billing is "currency": / });
});

test('two folders cannot hold one id', (t) => {
  const folder = folderWith(t, 'config_ec2', JSON.stringify(VALID));
  cpSync(join(folder, 'config_ec2'), join(folder, 'config_ec2_copy'), { recursive: true });
  failsWith(() => loadManifests(folder), 'config_ec2_copy/collector.json: id is "config_ec2": write "config_ec2_copy", the name of its folder');
});

test('a manifest that is not an object is refused', (t) => {
  const folder = folderWith(t, 'config_ec2', '[]');
  failsWith(() => loadManifests(folder), 'config_ec2/collector.json is []: write one JSON object');
});

test('a manifest that is not JSON is refused with the place', (t) => {
  const folder = folderWith(t, 'config_ec2', '{"id":');
  assert.throws(() => loadManifests(folder), { name: 'SettingError', message: /^config_ec2\/collector\.json is not JSON \(.+\): correct the file$/ });
});

test('a collector without a manifest is refused: it would silently never run', (t) => {
  const folder = emptyFolder(t);
  cpSync(FIXTURES, folder, { recursive: true });
  mkdirSync(join(folder, 'tags'));
  failsWith(() => loadManifests(folder), 'the collector folder tags has no collector.json: add the manifest or remove the folder');
});

test('no collectors at all are refused', (t) => {
  const folder = emptyFolder(t);
  failsWith(() => loadManifests(folder), `the collectors' folder ${folder} is empty: Polo needs at least one collector`);
  failsWith(() => loadManifests(join(folder, 'gone')), `the collectors' folder ${join(folder, 'gone')} does not exist: run this app inside the whole repository`);
});
