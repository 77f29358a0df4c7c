/**
 * Every setting, wrong in every way that is the same for all: of another type, empty, null, misspelt, twice, and with a
 * value that breaks its own rule.
 * Invariant: a setting that is new has no row in WRONG, and fails here.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig, settingNames } from '../lib/settings/config.ts';
import { SettingError } from '../lib/settings/setting-error.ts';
import { readSettingsFile } from '../lib/settings/settings-file.ts';
import { synthesize } from './support/stack.ts';

const LONG = 'x'.repeat(5000);
const HIDDEN = 'which is not shown because it may be a secret';
const AT = '123456789012';

/** Values that break a setting's own rule, and what the refusal shows of each; without the latter, the value itself. */
const WRONG: Record<string, readonly (readonly [value: unknown, shown?: string])[]> = {
  accessCheckSchedule: [['rate(5 minute)'], ['rate(0 minutes)'], ['cron(0 3 * * *)'], [LONG, 'xxx…']],
  accounts: [['12345678901'], ['arn:aws-foo:iam::222222222222:role/x', 'no such AWS partition as aws-foo'], ['arn:aws:iam::222222222222:role/*']],
  actionRole: [['yes']],
  actionRoleName: [['polo-*'], ['x'.repeat(65)], ['actor', 'actionRole is "off"']],
  adoptedHistory: [['drop'], [true]],
  alarmEmails: [['oncall'], ['a\u001b[31m@example', '\\u001b']],
  architecture: [['arm']],
  artifacts: [['a\0b', '\\u0000']],
  checkConcurrency: [['0'], [-1], [1_000_000], [1.5], ['1e3']],
  clickhouseCluster: [['my cluster'], ['a`b']],
  clickhouseDatabase: [['polo; DROP'], ['1polo']],
  clickhousePassword: [['hunter2', HIDDEN]],
  clickhouseSecretArn: [
    ['hunter2', HIDDEN],
    [`arn:aws:secretsmanager:eu-west-99:${AT}:secret:polo-AbCdEf`, 'eu-west-99 is no such AWS region; did you mean eu-west-'],
    [`arn:aws-foo:secretsmanager:eu-west-1:${AT}:secret:polo-AbCdEf`, 'no such AWS partition as aws-foo'],
    [`arn:aws:secretsmanager:cn-north-1:${AT}:secret:polo-AbCdEf`, 'cn-north-1 is in the partition aws-cn, not aws'],
  ],
  clickhouseSecretKeyArn: [['alias/polo'], [`arn:aws:kms:eu-west-99:${AT}:key/1`, 'eu-west-99 is no such AWS region'], [`arn:aws:kms:eu-west-1:${AT}:key/1`, 'clickhouseSecretArn is missing']],
  clickhouseUrl: [['clickhouse.example.com'], ['https://polo:hunter2@clickhouse.example.com', 'clickhouseUrl holds more than an address'], ['http://clickhouse.example.com', 'clickhouseUrl is http']],
  clickhouseUser: [['a b'], ['ü']],
  coverageSchedule: [['hourly']],
  dayUsdAtMost: [[{ cost: 1.5 }, 'dayUsdAtMost.cost is 1.5'], [{ cost: null }, 'dayUsdAtMost.cost is null'], ['{"cost":"1","cost":"2"}', 'it has "cost" twice']],
  deletableBucketArns: [['old-exports'], ['arn:aws-foo:s3:::old-exports', 'no such AWS partition as aws-foo']],
  discoverySchedule: [['rate(1 hours)']],
  dispatchSchedule: [['cron(0 25 * * ? *)']],
  env: [['Prod'], ['x y'], ['prod/..'], ['ü'], ['\u202eprod', '\\u{202e}'], [LONG, 'xxx…']],
  externalId: [['x'], ['üüüüü'], ['x'.repeat(2000), 'xxx…']],
  extraPrincipalArns: [[`arn:aws:iam::${AT}:root`], [`arn:aws-foo:iam::${AT}:role/x`, 'no such AWS partition as aws-foo']],
  extraReadRoleArns: [['arn:aws:iam::*:role/*'], ['arn:aws-foo:iam::*:role/x', 'no such AWS partition as aws-foo']],
  goneRetentionDays: [['3651'], ['-90']],
  hubAccountId: [['1111']],
  hubLocation: [['elsewhere'], ['member-account', 'set "managementAccountId"']],
  hubOrganizationId: [['o-1']],
  hubRegion: [['eu-west-99', 'did you mean eu-west-'], ['us-east-11', 'did you mean us-east-1?'], ['mars-1'], ['US-EAST-1', 'did you mean us-east-1?'], ['us-east-1a', 'did you mean us-east-1?']],
  historyRetentionDays: [['59'], ['forever'], [90.5]],
  logRetentionDays: [['10'], ['forever']],
  managementAccountId: [['*']],
  mode: [['organisation'], ['explicit', 'accounts is missing']],
  oidcAudience: [['*'], ['polo', 'oidcProvider is missing']],
  oidcProvider: [['https://oidc.example.com'], ['oidc.example.com', 'oidcSubject is missing']],
  oidcSubject: [['system:*'], ['system:x', 'oidcProvider is missing']],
  organizations: [
    ['o-a1b2c3d4e5'],
    ['[{"id":"o-a1b2c3d4e5","id":"o-f6g7h8i9j0"}]', 'it has "id" twice'],
    [[{ role: 'x' }], 'a field of organizations[0] is "role"'],
    [[{ id: null }], 'organizations[0].id is null'],
    [[{ role_arn: 'arn:aws-foo:iam::222222222222:role/x' }], 'no such AWS partition as aws-foo'],
  ],
  pageAccessLogBucket: [['Logs']],
  pageAllowedCidrs: [['10.0.0.1/8'], ['10.0.0.0/8', 'pageCertificateArn is missing']],
  pageCertificateArn: [['cert'], [`arn:aws:acm:eu-west-99:${AT}:certificate/1`, 'eu-west-99 is no such AWS region']],
  pageOidcAuthorizationEndpoint: [['http://login.example.com']],
  pageOidcClientId: [['a b']],
  pageOidcClientSecretArn: [['hunter2', HIDDEN]],
  pageOidcIssuer: [['https://polo:hunter2@login.example.com/?x', '//***@login.example.com']],
  pageOidcTokenEndpoint: [['https://login.example.com:8443/token']],
  pageOidcUserInfoEndpoint: [['https://login.example.com:8443/userinfo']],
  pageScheme: [['external']],
  pageSubnetIds: [['subnet-x']],
  pageUrl: [['polo.example.com']],
  pageVpcId: [['vpc-x']],
  provisioning: [['yes'], ['on', 'rolloutOus is missing']],
  provisioningSchedule: [['hourly']],
  putEventsPerSecond: [[0], [1_000_000]],
  readRoleName: [['*'], ['team/reader']],
  regions: [['eu-west-1,eu-west-99', 'did you mean eu-west-'], ['us-east-1;eu-west-1'], [['eu-west-1', 'eu-west-1'], 'each once']],
  reservedConcurrency: [[{ config_ec2: 0 }, 'reservedConcurrency.config_ec2 is 0'], [{ config_ec3: 1 }, 'did you mean config_ec2?']],
  rolePath: [['platform']],
  rolePrefix: [['team/']],
  roleRegion: [['eu-west-99', 'did you mean eu-west-']],
  rolloutOus: [['Production']],
  runRetentionDays: [['30'], [4000]],
  runbookUrl: [['https://polo:hunter2@wiki.example.com/#x', '//***@wiki.example.com']],
  slack: [['yes']],
  slackSecretArn: [['https://hooks.slack.com/services/hunter2', HIDDEN], [`arn:aws:secretsmanager:eu-west-1:${AT}:secret:polo-AbCdEf`, 'slack is "off"']],
  slackSecretKeyArn: [['alias/polo'], [`arn:aws:kms:eu-west-1:${AT}:key/1`, 'slackSecretArn is missing']],
  stackSetName: [['polo:*']],
  stacks: [['hub,all', '"all"'], ['page', 'pageCertificateArn is missing']],
  statusPageReaders: [[`arn:aws:iam::${AT}:role/*`], [`arn:aws-foo:iam::${AT}:role/x`, 'no such AWS partition as aws-foo']],
  stsCallsPerSecond: [['many']],
  sweepSchedules: [[{ daily: '3:00' }, 'sweepSchedules.daily is "3:00"'], [{ dialy: 'rate(1 day)' }, 'did you mean daily?']],
};
/** What a value needs beside it, to be wrong for its own reason. */
const BESIDE: Record<string, Record<string, unknown>> = { slackSecretArn: { slack: 'off' } };

const folder = mkdtempSync(join(tmpdir(), 'polo-wrong-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** One line of at most 500 characters, without a secret and in the words of a settings file. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof SettingError, String(error));
    assert.ok(error.message.length <= 500, error.message);
    assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]|hunter2|-c [a-z]/u);
    return error.message;
  }
  assert.fail('it was accepted');
}

function fromFile(text: string): unknown {
  const path = join(folder, 'settings.json');
  writeFileSync(path, text);
  return readConfig({ artifacts: 'stub', ...readSettingsFile(path) });
}

test('every setting has values here that break its rule', () => assert.deepEqual(Object.keys(WRONG).sort(), settingNames()));

test('the README, which refusals name, lists every setting', () => {
  const [, section = ''] = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8').split('\n## Settings\n');
  const keys = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([a-z][A-Za-z]+)`/g)].map(([, key = '']) => key));
  assert.deepEqual(keys.filter((key) => key !== 'cdk').sort(), settingNames());
});

for (const name of settingNames()) {
  test(`${name}: of another type, empty or null`, () => {
    const sentence = new RegExp(`^(an entry of )?${name}(\\[0\\])? (is|has a wrong value)`);
    for (const value of [null, '', true, [[]], [null]]) {
      assert.match(refusal(() => readConfig({ artifacts: 'stub', [name]: value })), sentence);
    }
  });

  test(`${name}: misspelt`, () => {
    for (const key of [`${name}s2`, name.toUpperCase(), `${name.slice(0, -2)}${name.slice(-1)}${name.slice(-2, -1)}`]) {
      const message = `${JSON.stringify(key)} is not a setting: `;
      assert.ok(refusal(() => readConfig({ artifacts: 'stub', [key]: 'x' })).startsWith(message), key);
      assert.ok(refusal(() => fromFile(JSON.stringify({ [key]: 'x' }))).startsWith(message), key);
    }
    const hyphenated = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (hyphenated !== name) assert.equal(refusal(() => readConfig({ artifacts: 'stub', [hyphenated]: 'x' })), `"${hyphenated}" is not a setting: did you mean ${name}?`);
  });

  test(`${name}: twice`, () => {
    assert.match(refusal(() => fromFile(`{\n  "${name}": "x",\n  "${name}": "x"\n}`)), new RegExp(`has "${name}" twice \\(the second at line 3, column 3\\): correct the file$`));
  });
}

for (const [name, values] of Object.entries(WRONG)) {
  for (const [value, shown] of values) {
    test(`${name}: ${JSON.stringify(value).slice(0, 80)}`, () => {
      const message = refusal(() => synthesize({ [name]: value, ...BESIDE[name] }));
      assert.ok(message.includes(name), message);
      assert.ok(message.includes(shown ?? JSON.stringify(value)), message);
    });
  }
}
